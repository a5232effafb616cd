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
    target: str | Sequence[str] | None = None,
    plan: Mapping[str, Any] | None = None,
    answers: Mapping[str, Any] | None = None,
    artefacts: Sequence[str | Path] = (),
    seed: int = 0,
    seconds: float = 60.0,
    device: str = "cpu",
    on_progress: Callable[[float, str], None] | None = None,
) -> Finding:
    """One probe's finding on files of yours, in this process and without a sandbox.

    ``data`` are the files of one data set (several for train and test), ``target`` one column or more,
    ``plan`` the settings as in a plan file, ``artefacts`` model files that are only inspected. Raises
    ``workers.inputs.Unusable`` with one sentence when the data cannot be measured, ``workers.plan.PlanError``
    for a plan that is wrong, LookupError for an unknown probe.
    """
    import json
    import tempfile

    from workers import host, inputs
    from workers import plan as plans
    from workers.probes import catalog
    from workers.probes.base import Budget, Sample, Upload

    probe = _known(probe)
    measure = catalog.load(probe)
    files = [Path(name) for name in data]
    targets = (target,) if isinstance(target, str) else tuple(target or ())
    answers = dict(answers or {})
    read: dict[str, Any] = {}
    text = ""
    if plan:
        try:
            source = json.dumps(dict(plan))
        except (TypeError, ValueError) as error:
            told = "The plan is no group of settings as JSON has them (text, numbers, lists, groups)."
            raise plans.PlanError([told]) from error
        document = plans.read(source, "The plan")
        read, text = document.plan, document.source
    if "data" in catalog.BY_ID[probe].needs and not files:
        raise inputs.Unusable(f"{catalog.BY_ID[probe].named} needs a data set: name its files.")
    with tempfile.TemporaryDirectory(prefix="riskboard-notebook-") as folder:
        prepared = Path(folder) if files else None
        if prepared:
            names = [file.name for file in files]
            try:
                inputs.prepare(files, names, prepared, plan=read, targets=targets, seed=seed, progress=None)
            except (OSError, ValueError, RuntimeError) as error:
                told = f"{', '.join(names)} cannot be read as a data set ({type(error).__name__})."
                raise inputs.Unusable(told) from error
        host.seed_everything(seed)
        sent: tuple[Upload, ...] = ()
        if catalog.BY_ID[probe].raw:
            given = [(file, False) for file in files] + [(Path(name), True) for name in artefacts]
            sent = tuple(Upload(file, file.name, artefact) for file, artefact in given)
        text = text if catalog.BY_ID[probe].plan_text else ""
        return measure(
            Sample(prepared, read, answers, sent, text), Budget(seconds, seed, device, on_progress)
        )


def _known(probe: str) -> str:
    """The probe's id, also for its name without the dimension when only one has it."""
    from workers.probes import catalog

    if probe in catalog.BY_ID:
        return probe
    same = [one for one in catalog.ACTIVE if one.partition(".")[2] == probe]
    if len(same) == 1:
        return same[0]
    raise LookupError(f"There is no probe {probe}; there are {', '.join(catalog.ACTIVE)}.")
