"""What settings are chosen by: never the test part, and not more trials than the validation part can
judge.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from workers.probes.hyperparameters.plan_review.known import Known
from workers.probes.hyperparameters.plan_review.risk import Risk
from workers.probes.hyperparameters.plan_review.steps import NEGATED, TEST
from workers.probes.hyperparameters.plan_review.view import View
from workers.probes.hyperparameters.plan_review.written import Setting, truth
from workers.probes.words import count

SEARCH = re.compile(
    r"\b(search|sweep|ray ?tune|hpo|optuna|hyperopt|grid|study|trials?|hyper ?parameter (search|tuning|"
    r"optimization)|tuner|tuning|random search|bayes\w*|objective)\b"
)
CHOOSES = re.compile(
    r"\b((pick|choose|select|keep|save)( the)?( best)? (checkpoint|model|epoch|weights|threshold)|"
    r"evals|checkpoint|"
    r"watch ?list|eval(uation)? list|monitor(ed)?( metric)?|(tune|tuned|select|selected|selection|"
    r"choose|chosen|pick|picked|early "
    r"stop\w*|stop|model selection|"
    r"checkpoint|best( model| epoch| checkpoint)?|threshold|calibrat\w*|save best)( \w+)?( (on|by|with|"
    r"using|from|set|split|data|part|metric|monitor|criterion))|"
    r"metric for best model|best( model)? metric|checkpoint metric|early stop\w*( metric| monitor| on)?|"
    r"validation data|validation set|"
    r"validate on|validation on|evaluation set|evaluation dataset|tuning (set|data|split|part)|"
    r"selection (set|data|split|metric)|validation|validation from|"
    r"validation (split|source|file|path)|threshold|save best only|model selection|scheduler monitor|"
    r"reduce lr\w*|plateau( on| monitor)?|lr scheduler monitor)$"
)
SCORED = re.compile(
    r"\b((scored?|score|metric|evaluated?|optimi[sz]ed?|measured?|judged|compared?|validated?|objective|"
    r"scoring|judge|maximi[sz]e|minimi[sz]e|optimize|tune|tuned|select|rank(ed)?)"
    r"( (on|with|by|set|split|data|part|using|metric|from))?|on|data|split|set|direction metric|"
    r"evaluation set|criterion|target metric|validation( (set|split|data))?|dataset|part|monitor|"
    r"evaluation)( name)?$"
)
REPORT = re.compile(
    r"\b((report|reported|final (score|metric|result)s?|final evaluation|final|published|"
    r"headline|result|results)( (on|"
    r"from|with|set|split|score|part|data|metric))?|evaluate on|score on|tested on|test on|test (split|"
    r"set|data))$"
)
TUNE = re.compile(
    r"\b((tune|tuned|select|selected|choose|chosen|early stop\w*|model selection|scored|validate|"
    r"validation)( (on|with|by|set|split|data|part|from))|tuning (set|data|split)|search scored on)$"
)
MANY = 1_000  # trials that are worth a question even where nobody knows the validation part
OPTIMISTIC = 3.0  # points that the best of many trials looks too good by luck alone
MILD = 1.5
USUAL = 0.85  # accuracy at which luck is reckoned


def _on_test(one: Setting) -> bool:
    said = one.said
    return bool(
        isinstance(one.value, (str, list))
        and len(said) < 80
        and TEST.search(said)
        and not NEGATED.search(said)
        and not re.search(r"\b(train test split|validation|cv|folds?|inner)\b", said)
    )


def by_test(plan: View, data: Known) -> Iterator[Risk]:
    """A test part that chooses anything is no test any more (Dwork and others, 2015; Recht and others,
    2019).
    """
    for one in plan.written.settings:
        searching = SEARCH.search(_before_last(one)) is not None
        chosen = CHOOSES.search(one.path) is not None
        if searching and _on_test(one) and SCORED.search(one.path):
            yield Risk(
                "search_scored_on_test",
                "high",
                one.key,
                "The search compares its trials by the test part and keeps the luckiest, so the final "
                "score is too good.",
                f"Score the trials on a validation part or by cross-validation: set {one.key} to "
                '"validation".',
            )
        elif chosen and _on_test(one) and not REPORT.search(one.path):
            yield _chosen(one.key, one.said)
        elif truth(one.value) is True and re.search(
            r"\b((tune|select|stop|choose|pick|calibrate|threshold|early stop\w*|validate|checkpoint|"
            r"search|monitor)( \w+)? (on|with|using|by) test( set| data| part| score)?|"
            r"use test( set)?( as| for)( the)? (validation|tuning|selection|early stop\w*|stopping|"
            r"model selection)|test (set )?(as|for) validation)$",
            one.path,
        ):
            yield _chosen(one.key, "the test part")
        elif (
            re.search(r"\b(used? for|purpose|role|usage|uses)$", one.path)
            and re.search(r"\b(test|hold ?out)\b", _before_last(one))
            and re.search(
                r"\b(tun\w*|select\w*|early stop\w*|choos\w*|threshold|search|validation)\b", one.said
            )
            and not NEGATED.search(one.said)
        ):
            yield _chosen(one.key, one.said)
        elif (
            isinstance(one.value, str)
            and 3 < len(one.said.split()) < 60
            and re.search(
                r"\b(best|choos\w*|chosen|pick\w*|select\w*|tun(e|ed|ing)|stop\w*|threshold)\b[^.]*\b(on|by|"
                r"with|using) (the )?(test|hold ?out)\b",
                one.said,
            )
            and not NEGATED.search(one.said)
        ):
            yield _chosen(one.key, "the test part")


def _before_last(one: Setting) -> str:
    return " ".join(one.names[:-1]) + " " + (one.names[-1] if one.names else "")


def _chosen(key: str, said: str) -> Risk:
    return Risk(
        "test_used_for_selection",
        "high",
        key,
        f"Something is chosen by the test part (“{said[:40]}”), so its score no longer says how new "
        "data will fare.",
        f"Choose by a validation part and look at the test once, at the end: set {key} to "
        "the validation part.",
    )


def reported_where_tuned(plan: View, data: Known) -> Iterator[Risk]:
    """The score that a setting was chosen for is the best of several, and too good (Cawley and Talbot,
    2010).
    """
    tuned = next(
        (
            one
            for one in plan.written.all(TUNE.pattern)
            if isinstance(one.value, (str, list)) and not one.nothing
        ),
        None,
    )
    for one in plan.written.all(REPORT.pattern):
        said = one.said
        if not isinstance(one.value, (str, list)) or len(said) > 80 or not said:
            continue
        learned = re.search(
            r"^(the )?(train(ing)?)( set| data| part| split| score| accuracy)?$|\bin sample\b|"
            r"\bresubstitution\b",
            said,
        )
        same = tuned is not None and tuned.said and (said == tuned.said) and not TEST.search(said)
        best = re.search(
            r"\b(best (cv|validation|trial|fold|search|inner)( \w+)?|best score|best trial|cv score of "
            r"the best|best of)\b",
            said,
        )
        chosen = re.search(r"^(the )?validation( set| data| part| split| score| accuracy)?$", said) and (
            _chooses(plan) or same
        )
        if learned or same or best or chosen:
            yield Risk(
                "reported_on_tuning_split",
                "high" if learned else "medium",
                one.key,
                f"The result is reported on “{said}”, which the model was trained or chosen on, so it "
                "is too good.",
                f'Report on a test part that chose nothing: set {one.key} to "test".',
            )


def _chooses(plan: View) -> bool:
    search = plan.written.first(SEARCH.pattern, searched=True)
    return plan.stops_early or (search is not None and not search.nothing)


def too_many_trials(plan: View, data: Known) -> Iterator[Risk]:
    """The best of k equal settings on n rows looks sqrt(2 ln k) standard errors better than it is."""
    trials, key = _trials(plan)
    if trials < 10 or any(risk.fault == "search_scored_on_test" for risk in by_test(plan, data)):
        return
    rows = plan.split.rows_of(plan.split.validation, data.rows)
    if plan.split.folds > 1:
        rows = data.train_rows
    if rows is None:
        if trials >= MANY:
            yield Risk(
                "too_many_trials_for_validation",
                "low",
                key,
                f"The search tries {trials:,} settings; on a small validation part the best of so many "
                "is the luckiest.",
                "Check that the validation part has some thousand rows, or try fewer settings.",
            )
        return
    points = 100 * math.sqrt(USUAL * (1 - USUAL) / max(1, rows)) * math.sqrt(2 * math.log(trials))
    if points < MILD:
        return
    enough = round(2 * math.log(trials) * USUAL * (1 - USUAL) / (OPTIMISTIC / 200) ** 2, -2)
    yield Risk(
        "too_many_trials_for_validation",
        "medium" if points >= OPTIMISTIC and trials >= rows / 4 else "low",
        key,
        f"The search tries {trials:,} settings on {count(rows, 'validation row')}: by luck alone the "
        f"best looks up to {points:.0f} points too good.",
        f"Try fewer settings, use cross-validation, or validate on about {enough:,.0f} rows.",
    )


def _trials(plan: View) -> tuple[int, str]:
    """How many settings are tried, told or as the product of a grid, and where that stands."""
    places = plan.settings(
        r"\b(n |max |number of )?(trials|n iter|max evals|evals|configurations|n configs|samples|"
        r"candidates|n trials|run cap|combinations|max runs|runs)$"
    )
    for one in places:
        if SEARCH.search(one.path) and one.number and not isinstance(one.value, bool):
            return int(one.number), one.key
    for group in plan.written.groups:
        if not re.search(
            r"\b(grid|parameter grid|grid search|search space|space|parameters)\b", group.path
        ) or not isinstance(group.value, dict):
            continue
        lists = [v for v in group.value.values() if isinstance(v, list) and v] or [
            v["values"]
            for v in group.value.values()
            if isinstance(v, dict) and isinstance(v.get("values"), list) and v["values"]
        ]
        if len(lists) >= 2 and "grid" in group.path:
            return math.prod(len(values) for values in lists), group.key
    return 0, ""


RULES = (by_test, reported_where_tuned, too_many_trials)
