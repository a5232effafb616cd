"""Whether the split fits the data: time, groups, classes, sizes, and a part to choose settings by."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from workers.probes.hyperparameters.plan_review.known import GROUP_NAME, Known
from workers.probes.hyperparameters.plan_review.risk import Risk
from workers.probes.hyperparameters.plan_review.rules.optimising import monitored_on_test
from workers.probes.hyperparameters.plan_review.view import View
from workers.probes.hyperparameters.plan_review.written import Setting, truth, words
from workers.probes.words import count

ENOUGH = 100  # test rows: their 95 % interval at an accuracy of 90 % is then 6 points either side
FEW = 35  # and here 10 points
RARE_TEST = 200  # expected test rows of the rarest class from which chance no longer matters
LONG = 20  # epochs from which somebody has to choose when to stop
BY_TIME = re.compile(r"\b(time|temporal\w*|chronolog\w*|dates?|timestamps?|days?|weeks?|months?|years?)\b")
CHOSEN_BY = (
    r"\b(tune on|select on|scored on|selected on|tuned on|monitor|validation data|score on|choose on|"
    r"chosen on|select by)$"
)
WHO_MANY = re.compile(
    r"\b(?:n |number of |count of )?(patients|subjects|speakers|users|customers|clients|people|persons|"
    r"individuals|participants|writers|households|donors|animals|drivers|authors|students|employees|machines|devices|"
    r"sensors|hospitals|sites|stores|recordings|videos|songs|artists)$"
)


def random_split_of_time(plan: View, data: Known) -> Iterator[Risk]:
    """Neighbouring hours on both sides of a random split: the test is read off its neighbours.

    Bergmeir and Benitez (2012); Roberts and others (2017).
    """
    why = data.temporal
    split = plan.split
    if not why or split.group is not None:
        return
    if split.shuffles:
        yield Risk(
            "random_split_of_time_series",
            "high",
            split.key,
            f"The rows follow each other in time ({why}) and are split at random: training knows the "
            "hours around each test row, use never will.",
            "Split by time: train on the older rows and test on the newest, with a gap as long as the "
            "horizon.",
        )
    elif split.kind == "" and split.said and plan.split.test is not None and data.here:
        yield Risk(
            "random_split_of_time_series",
            "low",
            split.key,
            f"The rows follow each other in time ({why}) and the plan does not say that the split does, "
            "too; many tools split at random.",
            'Say that the newest rows are the test, as in data.split.kind: "time".',
        )


def time_without_column(plan: View, data: Known) -> Iterator[Risk]:
    """A split by time of rows of which none says when it was made. Rows in the order of the file are one."""
    split = plan.split
    said = next((one for one in plan.written.settings if one.key == split.key), None)
    if split.kind != "time" or said is None or not data.here or data.sample.kind != "table" or data.times:
        return
    if not (BY_TIME.search(said.said) or split.cut is not None):
        return
    yield Risk(
        "time_split_without_time",
        "medium",
        split.key,
        "The plan splits by time, but no column of the data says when a row was made: this split cannot be"
        " made.",
        "Add a column with the time of each row and name it in data.time, or plan another split.",
    )


def groups_ignored(plan: View, data: Known) -> Iterator[Risk]:
    """One person on both sides of the split: the model is asked about people it knows (Saeb and others,
    2017).
    """
    split = plan.split
    if (
        split.kind in ("group", "time", "given")
        or split.group is not None
        or not (split.shuffles or (split.said and data.group and data.group[2]))
    ):
        return
    if data.group is not None:
        name, groups, told = data.group
        size = f" ({count(groups, 'group')})" if groups else ""
        yield Risk(
            "split_ignores_groups",
            "high" if told or data.answer_of_group(name) else "medium",
            split.key,
            f"Rows of one {name}{size} land in training and in the test, so the test asks about what is "
            "known.",
            f'Keep each {name} on one side: a split of kind "group" by {name}{_both(plan, data)}.',
        )
        return
    if data.here:
        yield from _found(plan, data)
        return
    if several := _several_each(plan, data):
        key, who, many, rows = several
        yield Risk(
            "split_ignores_groups",
            "high",
            key,
            f"{many:,} {who} have {rows:,} rows, and a random split puts some of each into training and into"
            " the test.",
            f'Keep all rows of each of the {who} on one side: a split of kind "group"{_both(plan, data)}.',
        )
        return
    for one in plan.settings(
        r"\b(features|columns|drop\w*|ignore\w*|id|ids|index|exclude\w*|metadata|inputs|identifier)( "
        r"columns?)?$"
    ):
        names = one.value if isinstance(one.value, list) else [one.value]
        named = next(
            (
                str(name)
                for name in names
                if isinstance(name, str)
                and re.search(r"\b(id|nr|no|uuid)$", words(name))
                and GROUP_NAME.search(words(name))
            ),
            None,
        )
        if named:
            yield Risk(
                "split_ignores_groups",
                "low",
                one.key,
                f"If one {named} has several rows, a random split puts it into training and into the test.",
                f"Count the rows of each {named}; where there are several, split by"
                f' "group"{_both(plan, data)}.',
            )
            return


def _found(plan: View, data: Known) -> Iterator[Risk]:
    """Groups that nobody declared, where the data itself shows that they matter."""
    source = data.source if plan.split.shuffles else None
    if source is None:
        return
    from workers.probes.sources import is_area

    groups = count(len(source.names), "group")
    note = (
        f"Rows of one {source.column} ({groups}) land in training and in the test, and their answers are"
        " alike: for one that nobody has seen, the test is too good."
    )
    if source.by_files:
        note = (
            f"Files of one source land in training and in the test ({groups} by the {source.column}), and"
            " they look alike: for a source that nobody has seen, the test is too good."
        )
    each = "source" if source.by_files else source.column
    yield Risk(
        "split_ignores_groups",
        "low" if is_area(source.column) else "medium",
        plan.split.key,
        note,
        f'If new ones come up in use, keep each {each} on one side: a split of kind "group" by'
        f" {source.column}{_both(plan, data)}.",
    )


def _both(plan: View, data: Known) -> str:
    """What keeps the classes in proportion as well, where the plan does so or should."""
    if data.temporal or not (plan.split.stratified or data.classification is True):
        return ""
    return " that keeps the classes in proportion as well (StratifiedGroupKFold in scikit-learn)"


def _several_each(plan: View, data: Known) -> tuple[str, str, int, int] | None:
    """The setting that counts people or things, who they are, and fewer of them than there are rows."""
    for one in plan.written.settings:
        who = WHO_MANY.search(one.path)
        if who and one.number and data.rows and 2 <= one.number <= 0.9 * data.rows and not one.searched:
            return one.key, who[1], int(one.number), data.rows
    return None


def not_stratified(plan: View, data: Known) -> Iterator[Risk]:
    """By chance a random split gives the test too few rows of a rare class (Kohavi, 1995)."""
    split = plan.split
    if split.kind != "random" or split.stratified or data.classification is not True or data.temporal:
        return
    rarest = _rarest_in_test(plan, data)
    if rarest is not None and rarest >= RARE_TEST:
        return
    few = rarest is not None and rarest < 5
    told = (
        f": the test part gets {_about(rarest)} of its rarest class, more or fewer by luck"
        if rarest is not None
        else ""
    )
    yield Risk(
        "split_not_stratified",
        "medium" if few else "low",
        split.key,
        f"The split is random and does not keep the classes in proportion{told}.",
        _in_proportion(plan, data),
    )


def _in_proportion(plan: View, data: Known) -> str:
    """How to keep the classes in proportion, in one step with the groups where these are sure to matter."""
    alone = 'Split each class in the same proportion: "stratified"'
    groups = next(groups_ignored(plan, data), None)
    if groups is None:
        return f"{alone}."
    if data.group is not None or groups.severity == "high":
        return groups.repair
    return f"{alone}; StratifiedGroupKFold in scikit-learn does so and keeps each group on one side."


def test_too_small(plan: View, data: Known) -> Iterator[Risk]:
    """The 95 % interval of a share p from n rows is 1.96 sqrt(p (1 - p) / n); here at an accuracy of 90 %."""
    split = plan.split
    if split.test is None or split.folds > 1:
        return
    rows = split.rows_of(split.test, data.rows)
    share = split.share(split.test, data.rows)
    rarest = _rarest_in_test(plan, data)
    if rows is not None and rows < ENOUGH:
        points = 100 * 1.96 * math.sqrt(0.09 / max(1, rows))
        yield Risk(
            "test_too_small",
            "medium" if rows < FEW else "low",
            split.test.key,
            f"The test part has {count(rows, 'row')}: a result of 90% may as well be {points:.0f} "
            "points better or worse.",
            "Keep at least 200 rows for the test, or use repeated cross-validation.",
        )
    elif rarest is not None and rarest < 10:
        yield Risk(
            "test_too_small",
            "medium" if rarest < 5 else "low",
            split.test.key,
            f"The test part has {_about(rarest)} of the rarest class: one row more or less changes its "
            f"score by {100 / max(1, round(rarest)):.0f} points.",
            "Keep a larger, stratified test part, or use repeated cross-validation.",
        )
    elif rows is None and share is not None and share < 0.05:
        yield Risk(
            "test_too_small",
            "low",
            split.test.key,
            f"The test part is {100 * share:.2g}% of the data, which is only enough when there is very "
            "much of it.",
            "Check that the test part has at least 200 rows, 20 of the rarest class among them.",
        )


def no_validation(plan: View, data: Known) -> Iterator[Risk]:
    """Without a part to choose by, settings are chosen by the test or not at all (Hastie and others, 2009,
    ch. 7).
    """
    off = _switched_off(plan)
    if _kept(plan, off):
        return
    split = plan.split
    chooses = plan.written.first(
        r"\b(search|sweep|hpo|optuna|trials|n trials|grid|early stop\w*|tun(e|ing)|param(eter)? grid)\b",
        searched=True,
    )
    stops = (plan.epochs is not None and (plan.epochs.number or 0) >= LONG) or (
        plan.trees is not None and plan.family == "boosting" and (plan.trees.number or 0) >= 500
    )
    key = off.key if off is not None else split.key
    serious = off is not None or (split.said and (stops or (chooses is not None and not chooses.nothing)))
    yield Risk(
        "no_validation_split",
        "medium" if serious else "low",
        key,
        "No part of the data is kept to choose settings by, so they are chosen by the test, whose score "
        "is then too good, or not at all.",
        "Keep a validation part of the training data (data.split.validation: 0.15), or use cross-validation.",
    )


def tuned_by_nothing(plan: View, data: Known) -> Iterator[Risk]:
    """Rows to choose settings by are named, and nobody keeps any; without data, they may come in a file."""
    by = next((one for one in plan.written.all(CHOSEN_BY) if re.search(r"\bvalidation\b", one.said)), None)
    kept = plan.split.has_validation or _says_validation(plan)
    if by is None or kept or data.validation_rows or not plan.split.said or _switched_off(plan) is not None:
        return
    if re.search(r"\b(cv|cross validation|folds?|oob|inner|test)\b", by.said) or (
        plan.stops_early and _holds_its_own(plan)
    ):
        return
    kept_by = "neither the plan nor the data has a" if data.here else "the plan keeps no"
    yield Risk(
        "no_validation_split",
        "medium" if data.here else "low",
        by.key,
        f"Settings are to be chosen on validation rows, but {kept_by} validation part.",
        "Keep a validation part of the training data (data.split.validation: 0.15), or use cross-validation.",
    )


def stopped_by_nothing(plan: View, data: Known) -> Iterator[Risk]:
    """Early stopping needs rows that are not learnt from (Prechelt, 1998): here the plan keeps none."""
    off, stopping = _switched_off(plan), plan.early_stopping
    if off is None or stopping is None or not plan.stops_early:
        return
    if _kept(plan, off) or monitored_on_test(stopping):
        return
    yield Risk(
        "no_early_stopping",
        "medium",
        stopping.key,
        f"Training is to stop early, but {off.key} keeps no rows to stop by, so it goes on until the model "
        "has learned its examples by heart.",
        "Keep a validation part and stop by it (data.split.validation: 0.15).",
    )


def _holds_its_own(plan: View) -> bool:
    """scikit-learn's networks and boosted trees put a tenth of the training rows aside by themselves."""
    own = re.compile(r"\b(mlp|sgd|(hist )?gradient boosting) ?(classifier|regressor)\b|\bperceptron$")
    return any(own.search(one.said) for one in plan.written.settings if isinstance(one.value, str))


def _switched_off(plan: View) -> Setting | None:
    """The setting by which no rows are kept for validation."""
    named = plan.written.all(
        r"\b(validation( ?(size|set size|share|set|split|data|rows|part|n|samples))?|"
        r"evaluation strategy|do evaluation)$"
    )
    off = (
        one
        for one in named
        if (one.nothing or truth(one.value) is False or one.number == 0)
        and not re.search(r"\btest\b", one.path)
    )
    return next(off, plan.split.all_used)


def _kept(plan: View, off: Setting | None) -> bool:
    """Rows to choose by are kept, or spoken of where nothing switches them ``off``."""
    written = plan.written
    if plan.split.has_validation or (off is None and _says_validation(plan)):
        return True
    if plan.stops_early and _holds_its_own(plan):
        return True
    by = written.first(CHOSEN_BY)
    named = r"cv|cross validation|folds?|oob|out of bag|inner" + ("" if off else "|validation|evaluation")
    if by is not None and re.search(rf"\b({named})\b", by.said):
        return True
    return bool(
        re.search(r"\b\w*cv\b", plan.model.value)
        or written.first(r"\b(search cv|inner (folds|cv)|nested cv|cv folds|oob score|folds)$")
    )


def _says_validation(plan: View) -> bool:
    """A validation part that is switched on or told of in a sentence: ``val: true``, "... for validation"."""
    on = plan.written.first(r"^(train |training )?(do )?validation$")
    if on is not None and truth(on.value) is True:
        return True
    said = plan.split.words
    told = re.search(
        r"\b(for|as|is|are|into|and) (the )?validation\b|"
        r"\bvalidation (week|month|day|year|period|part|set|fold|rows|sites?)s?\b",
        said,
    )
    return told is not None and not re.search(r"\b(no|without|not for) (a )?validation\b", said)


def no_interval(plan: View, data: Known) -> Iterator[Risk]:
    """One number from one small split cannot tell luck from skill (Bouthillier and others, 2021)."""
    written = plan.written
    repeated = [
        one
        for one in written.all(
            r"\b(n |number of )?(repeats?|runs|seeds|random seeds|repetitions|n "
            r"repeats|bootstrap\w*|confidence interval|ci|interval|intervals|"
            r"error bars|std|uncertainty( interval)?)$"
        )
        if not re.search(
            r"\b(augmentation|model|hardware|forest|data augmentation|forecast|sampler|"
            r"scaler|normaliz\w*|transforms?)\b",
            one.path,
        )
    ]
    several = [
        one
        for one in repeated
        if (isinstance(one.value, list) and len(one.value) > 1)
        or (one.number or 0) > 1
        or (one.number is None and not one.nothing and truth(one.value) is not False)
    ]
    if several or plan.split.folds > 1:
        return
    off = next(
        (
            one
            for one in repeated
            if one.nothing
            or truth(one.value) is False
            or one.number == 1
            or (isinstance(one.value, list) and len(one.value) == 1)
        ),
        None,
    )
    rows = plan.split.rows_of(plan.split.test, data.rows)
    small = rows is not None and rows < ENOUGH
    if off is None and not small:
        return
    key = off.key if off is not None else plan.split.test.key if plan.split.test is not None else ""
    yield Risk(
        "single_split_no_interval",
        "medium" if off is not None and small else "low",
        key,
        "The result will be one number from one split, so nobody can tell luck from skill.",
        "Report the mean and the spread over five seeds or folds, or a bootstrap interval of the test score.",
    )


def _about(rows: float) -> str:
    return "hardly a row" if rows < 0.5 else f"about {count(round(rows), 'row')}"


def _rarest_in_test(plan: View, data: Known) -> float | None:
    """Test rows of the rarest class that a split in proportion would give."""
    if not data.counts or not data.counts_are_rows:
        return None
    share = plan.split.share(plan.split.test, data.rows)
    return min(data.counts.values()) * share if share else None


RULES = (
    random_split_of_time,
    time_without_column,
    groups_ignored,
    not_stratified,
    test_too_small,
    no_validation,
    tuned_by_nothing,
    stopped_by_nothing,
    no_interval,
)
