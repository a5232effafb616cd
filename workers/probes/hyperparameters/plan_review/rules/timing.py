"""What is known when: windows that see the future, and the answer among the inputs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workers.probes.hyperparameters.plan_review.known import Known
from workers.probes.hyperparameters.plan_review.risk import Risk
from workers.probes.hyperparameters.plan_review.view import View
from workers.probes.hyperparameters.plan_review.written import Setting, number, truth, words
from workers.probes.words import listed

WINDOW = (
    r"\b(rolling\w*|moving\w*|windows?|windowed|smooth\w*|filter\w*|mean|average|median|ewm|savgol|"
    r"savitzky|trend|agg\w*|features|lowess|loess)\b"
)
AFTERWARDS = re.compile(
    r"\b(discharge\w*|outcome|resolution|resolved|closed|closing|cancel\w*|refund\w*|charge ?back\w*|"
    r"final|actual|settle\w*|recover(y|ed|ies)|"
    r"follow up|post|after|next|future|lead|result\w*|collection\w*|churn(ed)? (date|reason)|reason for "
    r"(leaving|churn)|termination|terminated|death|died|"
    r"exit|repaid|total paid|paid off|delivered|delivery (date|time)|arrival|arr time|air time|dep "
    r"delay|treatment given|verdict|confirmed|investigat\w*|"
    r"days (to|until)|time to|end (date|time)|completed|closed at|returned|winner|score after|autopsy|"
    r"diagnosis code|biopsy\w*)\b"
)
PLANNED = re.compile(r"\b(sched(uled)?|planned|expected|estimated|target)\b")
SURELY = re.compile(r"\b(next|future|lead|tomorrow|t (and )?\d+|ahead)\b")


def sees_future(plan: View, data: Known) -> Iterator[Risk]:
    """A centred window, a filter run both ways or a gap filled backwards uses hours that have not come
    yet.
    """
    for one in plan.written.settings:
        if re.search(r"\b(augmentation|crop|scaler|normaliz\w*|standard\w*|split|cv|image)\b", one.path):
            continue
        reason = ""
        if (
            re.search(r"\b(centered|center|is centered)$", one.path)
            and truth(one.value) is True
            and re.search(WINDOW, one.path)
        ):
            reason = (
                "The window is centred: it averages over hours that have not come yet when the "
                "forecast is made."
            )
        elif (
            re.search(
                r"\b(align\w*|window( type| kind| position)?|mode|kind|type|alignment|position|"
                r"side|label)$",
                one.path,
            )
            and re.search(
                r"\b(centered|center|two sided|both sides|symmetric\w*|forward looking|forward)\b", one.said
            )
            and re.search(WINDOW, one.path + " " + _around(plan, one))
        ):
            reason = (
                "The window is centred or looks forward: it uses hours that have not come yet "
                "when the forecast is made."
            )
        elif (
            re.search(
                r"\b(b ?fill|backfill|back fill|backward fill|fill backward\w*|filtfilt|"
                r"savgol\w*|savitzky\w*|bidirectional (fill|smoothing)|kalman smooth\w*|"
                r"centered (rolling|moving|window|mean|average)\w*|two sided (filter|window|"
                r"average))\b",
                f"{_last(one)} {one.said}",
            )
            and not one.nothing
            and (data.temporal or data.modality == "series")
        ):
            reason = (
                "This smooths or fills with values from later on, which are not there when the "
                "forecast is made."
            )
        elif (
            re.search(r"\b(leads?|lead features|future (lags|steps|window))$", one.path)
            and not one.nothing
            and _numbers(one)
        ):
            reason = "Values from later than the forecast are inputs, and in use they will not be there."
        elif (
            re.search(r"\b(lags?|shifts?|lag features|shift)$", one.path)
            and any(n < 0 for n in _numbers(one))
            and not re.search(r"target", one.path)
        ):
            reason = (
                "A negative lag is a value from later than the forecast, and in use it will not be there."
            )
        if reason:
            yield Risk(
                "centred_window_sees_future",
                "high",
                one.key,
                reason,
                f"Use windows that end before the forecast is made: set {one.key} to false, or let the "
                "window look back only."
                if isinstance(one.value, bool)
                else f"Use only values from before the forecast in {one.key}: windows that look back, gaps "
                "filled forwards.",
            )


def answer_as_input(plan: View, data: Known) -> Iterator[Risk]:
    """Lag 0 of the thing to predict is the answer itself; so is its own column among the inputs."""
    target = words(plan.target.value) if plan.target is not None else ""
    for one in plan.written.settings:
        last = _last(one)
        own_lags = re.search(
            r"\b(lags?|lag features|target lags?|lag steps|lag range|lag hours|lag days|lag list)$", one.path
        )
        inside = len(one.names) >= 2 and re.search(
            r"\b(lags?|target lags?|lag features)$", " ".join(one.names[:-1])
        )
        if own_lags or inside:
            about = (
                target == last
                or not inside
                or bool(re.search(r"\b(from|start|min|first|target|y|values|steps|list)$", last))
            )
            zero = (
                0 in _numbers(one) and not isinstance(one.value, bool)
                if not re.search(r"\b(max|end|to|stop|n)$", last)
                else False
            )
            ranged = isinstance(one.value, str) and re.match(r"\s*0\s*(-|to|\.\.|:|–)", one.value)
            if about and (zero or ranged):
                yield _lag_zero(one.key)
        elif (
            re.search(r"\b(min lag|first lag|lag (min|start|from|offset))$", one.path) and one.number == 0
        ) or (
            re.search(r"\b(include|use|with) (current|target|lag (0|zero))( value| step| target)?$", one.path)
            and truth(one.value) is True
        ):
            yield _lag_zero(one.key)


def _lag_zero(key: str) -> Risk:
    return Risk(
        "target_at_lag_zero",
        "high",
        key,
        "Lag 0 is the value at the very moment that is to be predicted: the answer is among the inputs.",
        f"Let the lags begin at the horizon: {key} from 1 on.",
    )


def known_too_late(plan: View, data: Known) -> Iterator[Risk]:
    """A column that is filled in after the moment of prediction makes a model look brilliant until it is
    used.
    """
    moment = next(
        (
            one
            for one in plan.written.all(
                r"\b(predict(ed|ion)? (at|time|moment|when|point)|"
                r"prediction (time|moment|point)|scor(ed|ing) (at|"
                r"time|moment)|decision (time|moment|point)|"
                r"used at|when predicted|available at prediction|"
                r"predict at|inference (time|moment)|forecast (made|"
                r"origin)( at)?)$"
            )
            if one.said and not one.nothing
        ),
        None,
    )
    target = words(plan.target.value) if plan.target is not None else ""
    late = _told_late(plan)
    for one in plan.settings(
        r"\b(features|inputs|input columns|feature columns|predictors|columns|x|numeric\w*|"
        r"categorical\w*|covariates|variables|use columns|(feature|column|input) (names|cols)|"
        r"(features?|inputs?|columns?) (list|used|names|columns|set))$"
    ):
        names = one.value if isinstance(one.value, list) else [one.value]
        plain = {words(name): str(name) for name in names if isinstance(name, str)}
        if re.search(
            r"\b(drop|exclude|ignore|scal\w*|impute|encod\w*|target|selection|transform\w*|augmentation|"
            r"stratif\w*|group)\b",
            one.path,
        ):
            continue
        of_the_file = re.search(r"^(data|dataset|table|csv|file|schema)\b.*\bcolumns$", one.path)
        if target and target in plain and len(plain) > 1 and not data.temporal and not of_the_file:
            yield _late(
                one.key,
                f"{plain[target]} is what is to be predicted, and it stands among the inputs.",
                "high",
                [plain[target]],
            )
        told = [name for word, name in plain.items() if word in late]
        sure = [name for word, name in plain.items() if SURELY.search(word) and word != target]
        likely = [
            name
            for word, name in plain.items()
            if AFTERWARDS.search(word) and word != target and name not in sure
        ]
        if told:
            yield _late(
                one.key,
                f"The plan itself says that {listed(told)} {_is(told)} known only afterwards.",
                "high",
                told,
            )
        elif sure or (likely and moment is not None):
            named = sure + likely
            when = f" The answer is needed {str(moment.value)[:60]}." if moment is not None else ""
            yield _late(
                one.key,
                f"{listed(named)} {_sound(named)} like values that are only known later.{when}",
                "high",
                named,
            )
        elif likely and len(plain) > 1:
            yield _late(
                one.key,
                f"{listed(likely)} {_sound(likely)} like values that are only known after the outcome.",
                "medium",
                likely,
            )
        everything = (
            any(
                word in ("all", "all columns", "everything", "rest", "remaining", "auto") or word == "*"
                for word in plain
            )
            or "*" in names
        )
        if everything and moment is not None and not late and len(plain) == 1:
            columns = _late_columns(data, target)
            such = f", such as {listed(columns)}" if columns else ""
            yield Risk(
                "feature_not_known_at_prediction_time",
                "high",
                one.key,
                f"The answer is needed {str(moment.value)[:60]}, but all columns are inputs, also those "
                f"that are filled in later{such}.",
                f"Name the inputs that are known then{_without(columns)}.",
            )
    for one in plan.written.settings:
        if (
            re.search(
                r"\b(available|known|availability|known at|available at|available (when|from|"
                r"after)|known (when|from|after)|time)$",
                _last(one),
            )
            and re.search(
                r"\b(after|afterwards|later|only later|post|not before|end of|at the end|in hindsight)\b",
                one.said,
            )
            and re.search(r"\b(features?|inputs?|columns?|predictors?)\b", one.path)
        ):
            yield _late(
                one.key,
                "An input is known only after the moment of prediction, by the plan's own words.",
                "high",
                ["it"],
            )


def _told_late(plan: View) -> set[str]:
    """Columns that the plan itself says are not known when the answer is needed."""
    found: set[str] = set()
    for one in plan.settings(
        r"\b(not known( at prediction)?( time)?|unknown at prediction( time)?|known (after|later|only "
        r"after\w*)|available (after|later)|post event|not available( at prediction)?( time)?|future "
        r"only)( columns)?$"
    ):
        names = one.value if isinstance(one.value, list) else [one.value]
        found |= {words(name) for name in names if isinstance(name, str)}
    return found


def _late(key: str, reason: str, severity: str, names: list[str]) -> Risk:
    return Risk(
        "feature_not_known_at_prediction_time",
        severity,
        key,
        reason,
        f"Take {listed(names)} out of the inputs, or show that "
        f"{_is(names, 'it is', 'they are')} known before the answer is needed.",
    )


def _late_columns(data: Known, target: str) -> list[str]:
    """Columns of the data that sound as if they were filled in with, or after, the target.

    Three signs: words such as "discharge"; the first word of the target ("arr_time" beside "arr_delay"); and
    a twin that was planned ("dep_time" beside "sched_dep_time").
    """
    if not data.here:
        return []
    stem = target.split()[0] if len(target.split()) > 1 else ""
    names = {column.name: words(column.name) for column in data.sample.columns if column.role == "feature"}
    twins = {PLANNED.sub("", name).strip() for name in names.values() if PLANNED.search(name)}
    return [
        name
        for name, plain in names.items()
        if not PLANNED.search(plain)
        and (AFTERWARDS.search(plain) or plain in twins or (stem and plain.startswith(stem + " ")))
    ]


def _numbers(one: Setting) -> list[float]:
    """The numbers of a list, of "0, 1, 2", or one number."""
    if isinstance(one.value, list):
        return [n for item in one.value if (n := number(item)) is not None]
    if isinstance(one.value, str) and re.fullmatch(r"[\s\d,;\-]+", one.value):
        return [float(n) for n in re.findall(r"(?<![\d])-?\d+", one.value)]
    return [one.number] if one.number is not None and not isinstance(one.value, bool) else []


def _last(one: Setting) -> str:
    return next((name for name in reversed(one.names) if name), "")


def _around(plan: View, one: Setting) -> str:
    return plan.written.kind(one.group) if one.group else ""


def _is(names: list[str], one: str = "is", many: str = "are") -> str:
    return one if len(names) == 1 else many


def _sound(names: list[str]) -> str:
    return "sounds" if len(names) == 1 else "sound"


def _without(columns: list[str]) -> str:
    return f", and leave out {listed(columns)}" if columns else ""


RULES = (sees_future, answer_as_input, known_too_late)
