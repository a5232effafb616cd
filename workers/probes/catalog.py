"""Every probe's Spec, in the order of the report. A probe's id is its module under workers.probes."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from workers.probes.base import Budget, Finding, Sample, Spec

SPECS: tuple[Spec, ...] = (
    Spec(
        "data.readability",
        title="Readable files",
        asks="Does every file open, and does every row say what it should?",
        unit="share of rows or files",
        why="Rows that are read wrongly teach the model something that is not there.",
        fix="Repair or remove the rows and files named here, then upload again.",
        seconds=2,
    ),
    Spec(
        "data.class_balance",
        title="Class balance",
        asks="How rare is the rarest class?",
        unit="share of rows",
        why="A model rarely learns what it rarely sees.",
        fix="Collect more examples of the rarest class.",
        needs=("data", "target"),
        seconds=1,
    ),
    Spec(
        "data.label_errors",
        title="Label errors",
        asks="How many of our labels are wrong, and which ones?",
        unit="share of labels",
        why="A model trained on wrong labels repeats them, and a test on wrong labels hides it.",
        fix="Let two people look at the labels named here, most suspicious first.",
        needs=("data", "target"),
        seconds=10,
    ),
    Spec(
        "data.duplicates",
        title="Duplicates",
        asks="How much of our data is there twice?",
        unit="share of rows or files",
        why="Copies make a data set look larger than it is, and a test easier than real life.",
        fix="Keep one of each copy, and keep copies on the same side of the split.",
        seconds=5,
    ),
    Spec(
        "data.learning_curve",
        title="Learning curve",
        asks="Do we have enough data, and how much more until we reach our target?",
        unit="points still to gain",
        why="A project that needs ten times the data it has will be late or will not work.",
        fix="Collect the number of rows named here before the large training run.",
        needs=("data", "target"),
        seconds=15,
    ),
    Spec(
        "security.personal_data",
        title="Personal data",
        asks="Is there personal data in what we upload?",
        unit="share of rows",
        why="Personal data in training sets brings duties, and models can leak what they were shown.",
        fix="Remove or mask the columns named here, or record the legal basis for keeping them.",
        seconds=5,
    ),
    Spec(
        "security.adversarial",
        title="Resistance to small changes",
        asks="How small a change to the input makes the model wrong?",
        unit="share of accuracy lost",
        why="Noise too small to see can turn a horse into a zebra, by chance or on purpose.",
        fix="Train on attacked examples as well, and check inputs that differ from the training data.",
        needs=("data", "target"),
        seconds=10,
    ),
    Spec(
        "hardware.inventory",
        title="The machine at hand",
        asks="What can this worker really do?",
        unit="billion operations a second",
        why="Plans are made from data sheets; machines are shared, throttled and smaller.",
        fix="Run the large training on a machine of the list in Training cost.",
        needs=(),
        seconds=5,
    ),
    Spec(
        "hardware.memory",
        title="Memory",
        asks="Will the planned training fit on the planned machine?",
        unit="share of device memory",
        why="A training run that does not fit stops in its first minute, or on its last batch.",
        fix="Use a smaller batch, a smaller precision or a larger device.",
        needs=("plan",),
        seconds=3,
    ),
    Spec(
        "hardware.training_cost",
        title="Training cost",
        asks="How long will training take, what will it cost, and how much power will it use?",
        unit="chance to miss the limits",
        why="Training bills and queues end more projects than bad accuracy does.",
        fix="Choose the accelerator named here, or train fewer times.",
        needs=("plan",),
        seconds=10,
    ),
    Spec(
        "flexibility.forgetting",
        title="Forgetting",
        asks="If we retrain for a similar task, do we lose the old one?",
        unit="points lost on the old task",
        why="Retraining for a new task silently undoes the old one.",
        fix="Keep old examples in every retraining, or give the new task its own column.",
        needs=("data", "target"),
        seconds=15,
    ),
    Spec(
        "hyperparameters.sensitivity",
        title="Sensitivity of the settings",
        asks="Would a slightly different training setting ruin the result?",
        unit="points lost within 25 %",
        why="Settings that nobody tuned can sit on the edge of a cliff.",
        fix="Tune the settings named here and report the spread over several seeds.",
        needs=("data", "target"),
        seconds=15,
    ),
)

BY_ID = {spec.id: spec for spec in SPECS}
RETIRED: frozenset[str] = frozenset()  # ids whose Spec stays for old reports
ACTIVE = tuple(spec.id for spec in SPECS if spec.id not in RETIRED)

Probe = Callable[[Sample, Budget], Finding]


def load(probe: str) -> Probe:
    """The probe's ``run``; the one dynamic import of the project."""
    if probe not in BY_ID:
        raise LookupError(f"There is no probe {probe}; `manage.py probes` lists them.")
    run: Probe = import_module(f"workers.probes.{probe}").run
    return run
