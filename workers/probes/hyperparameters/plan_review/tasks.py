"""The names of the things to predict, where a plan names several."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from workers.probes.hyperparameters.plan_review.written import Setting, words

TASK_PLACES = re.compile(
    r"\b(heads?|tasks?|targets?|outputs?|task (weights?|losses|rows|sizes)|loss weights?|losses|labels)$"
)
NOT_TASKS = {
    "type",
    "kind",
    "weight",
    "weights",
    "name",
    "names",
    "sharing",
    "shared",
    "n",
    "loss",
    "losses",
    "lr",
    "dropout",
    "sampling",
    "hidden",
    "units",
    "activation",
    "balancing",
    "strategy",
    "file",
    "path",
    "format",
    "column",
    "columns",
    "count",
    "metric",
    "dim",
    "size",
    "sizes",
    "rows",
    "related",
    "head",
    "task",
    "target",
    "classes",
    "n classes",
    "method",
    "encoding",
    "dtype",
}
# A task may well be called "weight" where nothing but tasks stands.
NOT_HEADS = {
    "type",
    "kind",
    "strategy",
    "method",
    "n",
    "name",
    "names",
    "sharing",
    "shared",
    "dropout",
    "hidden",
    "lr",
    "activation",
    "loss",
    "losses",
    "units",
    "sampling",
    "related",
    "balancing",
    "metric",
    "n classes",
}
GENERIC_TERMS = re.compile(
    r"\b(kl|aux\w*|l1|l2|reg\w*|tv|perceptual|adversarial|gan|consistency|commit\w*|distill\w*|"
    r"smooth\w*|penalty|entropy|"
    r"contrastive|triplet|dice|focal|ce|bce|mse|cross entropy|ssim|style|content|total variation|"
    r"orthogonal\w*|decay)\b"
)


def names_in(group: Setting) -> Iterator[tuple[str, str]]:
    """Names of tasks at a place that holds tasks: a group's keys, a list's texts or the names of its
    groups.
    """
    named = bool(re.search(r"\b(heads|task weights|loss weights|tasks)$", group.path))
    if isinstance(group.value, Mapping):
        for name, value in group.value.items():
            plain = words(name)
            if (
                plain in (NOT_HEADS if named else NOT_TASKS)
                or plain.isdigit()
                or GENERIC_TERMS.search(plain)
                or value in (None, False)
            ):
                continue
            if re.search(r"\blabels$", group.path):  # a map of codes to classes is no list of tasks
                continue
            yield plain, f"{group.key}.{name}"
        return
    if re.search(r"\blabels$", group.path) and not re.search(r"\bmulti", group.path):
        return
    for place, one in enumerate(group.value if isinstance(group.value, list) else ()):
        name = one.get("name", one.get("task", one.get("target"))) if isinstance(one, Mapping) else one
        if isinstance(name, str) and 0 < len(name) <= 60 and not re.search(r"modules?$", group.path):
            yield words(name), f"{group.key}[{place}]"
