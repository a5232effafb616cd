"""Several tasks in one model: each needs a metric, a fair weight, enough examples, and something to share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from workers.probes.hyperparameters.plan_review.known import Known
from workers.probes.hyperparameters.plan_review.risk import Risk
from workers.probes.hyperparameters.plan_review.tasks import GENERIC_TERMS
from workers.probes.hyperparameters.plan_review.view import View
from workers.probes.hyperparameters.plan_review.written import is_nothing, number, truth, words
from workers.probes.words import listed

UNEQUAL, VERY_UNEQUAL = 20.0, 100.0  # times that one task's weight is another's
FEWER = 20.0  # times that one task has the examples of another
PARTS = (
    ("image", r"\b(image\w*|picture\w*|photo\w*|pixel\w*|jpe?g|png|vision|x ?ray\w*|scan\w*)\b"),
    ("sound", r"\b(audio|sound\w*|speech|wav|voice|acoustic)\b"),
    ("text", r"\b(text\w*|review\w*|sentiment|mail\w*|document\w*|tweet\w*|translation|language)\b"),
    ("table", r"\b(csv|tabular|sensor\w*|credit|sales)\b"),
)


def without_metric(plan: View, data: Known) -> Iterator[Risk]:
    """A task that nobody measures may fail unseen while the others improve."""
    tasks = {task.value: task.key for task in plan.tasks}
    if data.here and len(data.sample.targets) > 1 and not tasks:
        tasks = {words(target.name): "" for target in data.sample.targets}
    measured, key = _by_task(plan, set(tasks))
    if len(tasks) < 2 or not key:
        return
    left = [name for name in tasks if name not in measured]
    if left and len(left) < len(tasks):
        yield Risk(
            "tasks_without_metric",
            "medium",
            key,
            f"{_nobody(left)} measured, so {'it' if len(left) == 1 else 'they'} may fail and nobody "
            "will see it.",
            f"Give each task a metric: add {listed(left)} to {key}.",
        )


def _nobody(names: list[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return f"The task {quoted[0]} is not" if len(names) == 1 else f"The tasks {listed(quoted)} are not"


def _by_task(plan: View, tasks: set[str]) -> tuple[set[str], str]:
    """The tasks that have a metric of their own, and where metrics are told by task; "" where they are
    not.
    """
    for group in plan.written.groups:
        last = next((name for name in reversed(group.names) if name), "")
        if re.search(r"\b(metrics?|scoring|scores?|evaluation|measures?)$", last) and isinstance(
            group.value, Mapping
        ):
            named = {words(name) for name, value in group.value.items() if not is_nothing(value)}
            hit = named & tasks
            if hit:
                return hit, group.key
        if re.search(r"\b(tasks|heads|targets|outputs)$", last):
            items = (
                group.value.items()
                if isinstance(group.value, Mapping)
                else [
                    (str(one.get("name", one.get("task", ""))), one)
                    for one in group.value
                    if isinstance(one, Mapping)
                ]
            )
            inner = {words(name): one for name, one in items if isinstance(one, Mapping)}
            with_metric = {
                name
                for name, one in inner.items()
                if any(
                    re.search(r"\b(metrics?|measure|scoring|score)$", words(k)) and not is_nothing(v)
                    for k, v in one.items()
                )
            }
            if len(inner) >= 2 and with_metric:
                return with_metric, group.key
    flat = [one for one in plan.written.settings if re.search(r"\bmetrics?\b", one.path) and not one.nothing]
    named_in = {
        task
        for task in tasks
        for one in flat
        if re.search(rf"\b{re.escape(task)}\b", f"{one.path} {one.said}")
    }
    if named_in and named_in != tasks:
        return named_in, flat[0].key
    return set(), ""


def weights(plan: View, data: Known) -> Iterator[Risk]:
    """A task of weight 100 beside one of 0.01 is the only one that is trained (Kendall and others, 2018)."""
    known = {task.value for task in plan.tasks}
    for key, told in _weights(plan, known):
        if len(told) < 2 or _balanced_by_itself(plan):
            continue
        least, most = min(told, key=told.__getitem__), max(told, key=told.__getitem__)
        if told[least] == 0:
            yield _unbalanced(
                key, "high", f"The task “{least}” has the weight 0, so it is not trained at all."
            )
            continue
        times = told[most] / told[least]
        if times < UNEQUAL:
            continue
        yield _unbalanced(
            key,
            "high" if times >= VERY_UNEQUAL else "medium",
            f"The task “{most}” weighs {times:,.0f} times as much as “{least}”, which "
            "will hardly be learned.",
        )


def _unbalanced(key: str, severity: str, reason: str) -> Risk:
    return Risk(
        "task_weights_unbalanced",
        severity,
        key,
        reason,
        "Begin with equal weights on losses of one size, or let the training learn the weights "
        "(uncertainty weighting).",
    )


def _balanced_by_itself(plan: View) -> bool:
    return any(
        re.search(
            r"\b(uncertainty|gradnorm|grad norm balanc\w*|dwa|pcgrad|mgda|cagrad|nash|famo|dynamic "
            r"weight\w*)\b",
            one.said,
        )
        for one in plan.settings(
            r"\b(weight\w*|balanc\w*|loss\w*|strategy|method|multi task|sharing|aggregat\w*)\b"
        )
    )


def _weights(plan: View, known: set[str]) -> Iterator[tuple[str, dict[str, float]]]:
    """Groups of task weights: {"a": 1, "b": 100}, a list beside a list of tasks, or tasks with their own
    weight.
    """
    for group in plan.written.groups:
        last = next((name for name in reversed(group.names) if name), "")
        path = group.path
        if re.search(
            r"\b((tasks?|loss(es)?|heads?|objectives?|multi ?task|output) (weights?|weighting|"
            r"coefficients?|coefs?|scales?|lambdas?|shares?)|loss weights?|lambdas?)$",
            path,
        ) or (
            last in ("weights", "weighting")
            and re.search(
                r"\b(tasks?|losses|loss|multi ?task|"
                r"heads?)\b",
                path,
            )
        ):
            if isinstance(group.value, Mapping):
                told = {
                    words(name): n
                    for name, value in group.value.items()
                    if (n := number(value)) is not None and n >= 0
                }
                told = {
                    name: n
                    for name, n in told.items()
                    if (name in known if known & told.keys() else not GENERIC_TERMS.search(name))
                }
                yield group.key, told
            elif isinstance(group.value, list):
                values = [n for one in group.value if (n := number(one)) is not None]
                names = [task.value for task in plan.tasks][: len(values)] or [
                    f"task {place + 1}" for place in range(len(values))
                ]
                if len(values) == len(group.value) and len(names) == len(values):
                    yield group.key, dict(zip(names, values, strict=True))
        if re.search(r"\b(tasks|heads|loss(es)?|criteria|outputs|targets)$", last) and group.value:
            items = (
                group.value.items()
                if isinstance(group.value, Mapping)
                else [
                    (str(one.get("name", one.get("task", one.get("target", place)))), one)
                    for place, one in enumerate(group.value if isinstance(group.value, list) else ())
                    if isinstance(one, Mapping)
                ]
            )
            told = {}
            for name, one in items:
                inner = one.items() if isinstance(one, Mapping) else ()
                weight = next(
                    (
                        n
                        for k, v in inner
                        if re.search(r"^(loss )?(weight|coefficient|coef|lambda|scale)$", words(k))
                        and (n := number(v)) is not None
                    ),
                    None,
                )
                if weight is not None and (words(name) in known or not GENERIC_TERMS.search(words(name))):
                    told[words(name)] = weight
            if told:
                yield group.key, told
    flat: dict[str, float] = {}
    first = ""
    for one in plan.written.settings:  # weight_age: 1, lambda_gender: 100
        found = re.fullmatch(
            r"(?:loss |task )?(?:weight|lambda|w)(?: of| for)? (.+)|(.+?) (?:loss |task )weight",
            next((n for n in reversed(one.names) if n), ""),
        )
        name = next((n for n in found.groups() if n), "") if found else ""
        if name and one.number is not None and (name in known or name.removesuffix(" loss") in known):
            flat[name] = one.number
            first = first or one.key
    if len(flat) >= 2:
        yield first, flat


def sizes(plan: View, data: Known) -> Iterator[Risk]:
    """A task with a twentieth of the examples is seen a twentieth as often, and forgotten first
    (Arivazhagan, 2019).
    """
    fair = plan.written.first(
        r"\b(sampl(ing|er)\w*|temperature|batch mixing|mixing|balanced? (batches|sampling|tasks)|"
        r"oversample small\w*|task sampling|sampling strategy)\b"
    )
    if (
        fair is not None
        and not fair.nothing
        and not re.search(r"\b(proportional|natural|none|concat\w*|uniform over rows)\b", fair.said)
        and fair.number != 1
    ):
        return
    for key, told in _rows(plan, data):
        if len(told) < 2 or min(told.values()) <= 0:
            continue
        least, most = min(told, key=told.__getitem__), max(told, key=told.__getitem__)
        times = told[most] / told[least]
        if times >= FEWER:
            yield Risk(
                "task_size_imbalance",
                "medium",
                key,
                f"“{most}” has {times:,.0f} times as many examples as “{least}” ({told[most]:,.0f} and "
                f"{told[least]:,.0f}), which will hardly be learned beside it.",
                "Draw the tasks equally often, or with a temperature of 2 to 5, as in training.sampling.",
            )
            return


def _rows(plan: View, data: Known) -> Iterator[tuple[str, dict[str, float]]]:
    counts = re.compile(
        r"^(n )?(rows|samples|examples|size|images|records|count|labeled|n|n rows|n samples|labels|"
        r"sentences|documents|train (rows|size)|labeled rows)$"
    )
    for group in plan.written.groups:
        last = next((name for name in reversed(group.names) if name), "")
        if re.search(
            r"\b(task (rows|sizes?|samples|examples|counts?)|(rows|samples|examples|labels) per task|"
            r"per task (rows|samples|examples)|dataset sizes|data sizes)$",
            group.path,
        ) and isinstance(group.value, Mapping):
            yield (
                group.key,
                {words(name): n for name, value in group.value.items() if (n := number(value)) is not None},
            )
        elif re.search(r"\b(tasks|heads|targets|datasets|outputs)$", last) and group.value:
            items = (
                group.value.items()
                if isinstance(group.value, Mapping)
                else [
                    (str(one.get("name", one.get("task", place))), one)
                    for place, one in enumerate(group.value)
                    if isinstance(one, Mapping)
                ]
            )
            yield (
                group.key,
                {
                    words(name): n
                    for name, one in items
                    if isinstance(one, Mapping)
                    for k, v in one.items()
                    if counts.match(words(k)) and (n := number(v)) is not None
                },
            )
    if data.here and len(data.sample.targets) > 1:
        census = data.sample.census
        yield (
            "data.targets",
            {words(t.name): float(census.get(t.name, {}).get("filled") or 0) for t in data.sample.targets},
        )


def nothing_in_common(plan: View, data: Known) -> Iterator[Risk]:
    """Tasks with nothing in common fight for the layers they share (Standley and others, 2020)."""
    shared = plan.written.first(
        r"\b(sharing|shared( (layers|trunk|encoder|backbone|body|parameters))?|trunk|hard sharing|"
        r"parameter sharing|share)$"
    )
    fully = shared is not None and (
        truth(shared.value) is True
        or re.search(
            r"\b(hard|full\w*|all|everything|complete\w*|one|single|entire|total|100)\b", shared.said
        )
        or shared.number == 1
    )
    if not fully and not re.search(r"\bshared\b|hard sharing", plan.model.value):
        return
    apart = next(
        (
            one
            for one in plan.settings(
                r"\b(related( tasks)?|relatedness|tasks related|"
                r"similar(ity)?|affinity|task (relation|affinity|"
                r"similarity)|correlation between tasks)$"
            )
            if truth(one.value) is False
            or re.search(
                r"\b(un ?related|none|low|no|independent|"
                r"different|nothing)\b",
                one.said,
            )
            or (one.number is not None and 0 <= one.number < 0.1 and not isinstance(one.value, bool))
        ),
        None,
    )
    key = shared.key if shared is not None else plan.model.key
    if apart is not None:
        yield _unrelated(
            key, "The plan itself says that the tasks have nothing in common, yet they share all layers."
        )
        return
    kinds = _inputs(plan)
    if len(set(kinds.values())) > 1:
        one, other = next((a, b) for a in kinds for b in kinds if kinds[a] != kinds[b])
        yield _unrelated(
            key,
            f"“{one}” reads {_many(kinds[one])} and “{other}” reads {_many(kinds[other])}, yet all "
            "layers are shared.",
        )
        return
    files = _files(plan)
    if len(set(files.values())) > 1:
        one, other = next((a, b) for a in files for b in files if files[a] != files[b])
        yield _unrelated(
            key, f"“{one}” and “{other}” learn from different data sets, yet all layers are shared.", "low"
        )


def _files(plan: View) -> dict[str, str]:
    """Task -> the file it learns from, where tasks tell their own."""
    tasks = {task.value for task in plan.tasks}
    found: dict[str, str] = {}
    for one in plan.written.settings:
        name = next((name for name in reversed(one.names) if name in tasks), "")
        if name and isinstance(one.value, str) and re.search(r"/|\.\w{2,7}$", one.value):
            found.setdefault(name, one.value)
    return found


def _many(kind: str) -> str:
    return {"image": "pictures", "sound": "sounds", "text": "texts", "table": "tables"}[kind]


def _inputs(plan: View) -> dict[str, str]:
    """Task -> what it reads, where tasks tell their own data."""
    found: dict[str, str] = {}
    for group in plan.written.groups:
        last = next((name for name in reversed(group.names) if name), "")
        if not re.search(r"\b(tasks|heads|datasets)$", last) or not group.value:
            continue
        items = (
            group.value.items()
            if isinstance(group.value, Mapping)
            else [
                (str(one.get("name", one.get("task", place))), one)
                for place, one in enumerate(group.value)
                if isinstance(one, Mapping)
            ]
        )
        for name, one in items:
            inner = one.items() if isinstance(one, Mapping) else [("data", one)]
            said = " ".join(
                words(v)
                for k, v in inner
                if isinstance(v, str)
                and re.search(r"\b(data|path|file|dataset|input|modality|source|domain)\b", words(k))
            )
            kind = next((kind for kind, pattern in PARTS if re.search(pattern, said)), "")
            if kind:
                found[words(name)] = kind
    return found


def _unrelated(key: str, reason: str, severity: str = "medium") -> Risk:
    return Risk(
        "unrelated_tasks_fully_shared",
        severity,
        key,
        reason,
        "Give each task layers of its own behind a small shared part, or a model of its own, and compare.",
    )


RULES = (without_metric, weights, sizes, nothing_in_common)
