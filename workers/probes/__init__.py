"""The probes: a folder a dimension, a file a probe. In a notebook:

>>> from workers.probes import run
>>> run("data.label_errors", "train.csv", target="y")  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workers.probes.base import Finding


def run(
    probe: str,
    *data: str | Path,
    target: str | Sequence[str] = (),
    plan: Mapping[str, Any] | None = None,
    answers: Mapping[str, Any] | None = None,
    seed: int = 0,
    seconds: float = 60.0,
    device: str = "cpu",
    on_progress: Callable[[float, str], None] | None = None,
) -> Finding:
    """One probe's finding on files of yours, in this process and without a sandbox.

    ``data`` are the files of one data set (several for train and test), ``target`` one column or more.
    Raises ``workers.inputs.Unusable`` when the data cannot be measured, LookupError for an unknown probe.
    """
    import tempfile

    from workers import host, inputs
    from workers.probes import catalog
    from workers.probes.base import Budget, Sample

    measure = catalog.load(probe)
    files = [Path(name) for name in data]
    targets = (target,) if isinstance(target, str) else tuple(target)
    plan, answers = dict(plan or {}), dict(answers or {})
    with tempfile.TemporaryDirectory(prefix="riskboard-notebook-") as folder:
        prepared = Path(folder) if files else None
        if prepared:
            names = [file.name for file in files]
            inputs.prepare(files, names, prepared, plan=plan, targets=targets, seed=seed, progress=None)
        host.seed_everything(seed)
        return measure(Sample(prepared, plan, answers), Budget(seconds, seed, device, on_progress))
