"""The Specs of the flexibility dimension, in the order of the report."""

from workers.probes.base import Spec

SPECS = (
    Spec(
        "flexibility.interference",
        title="Tasks in one network",
        asks="Can one network do all our tasks, or will they hurt each other?",
        unit="% of their scores lost",
        why="Tasks that share a network can take each other's room in it.",
        fix="Train the tasks together that help each other, and the others apart.",
        needs=("data", "target"),
        uses=("plan",),
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
        "flexibility.reuse",
        title="Re-use",
        asks="How cheap is it to re-use the model for a new task or a new class?",
        unit="share of the first training",
        why="What cannot be re-used is paid for again with every new task.",
        fix="Start from the trained model where that saves time, and plan a full training where it does not.",
        needs=("data", "target"),
        uses=("plan",),
        seconds=8,
    ),
    Spec(
        "flexibility.site_gap",
        title="Unseen sites",
        asks="Does the model work at a site, on a device or for a person it has never seen?",
        unit="points lost where it is new",
        why="A model learns the habits of the places that it was trained on.",
        fix="Test at a site that was left out of the training, and collect rows from more sites.",
        needs=("data", "target"),
        uses=("plan",),
        seconds=8,
    ),
    Spec(
        "flexibility.input_loss",
        title="Lost inputs",
        asks="Which inputs can the model not do without?",
        unit="points lost without the most needed",
        why="A sensor or a supplier that drops out takes its column with it.",
        fix="Keep a second model that works without the input, or train with gaps.",
        needs=("data", "target"),
        seconds=6,
    ),
)
