"""Evidence for tests: findings as probes write them, one value each, on a realistic project."""

from __future__ import annotations

from workers.probes import catalog

VALUES = {  # probe: value, low, high, title, facts
    "data.readability": (0.0, 0.0, 0.003, "All 569 rows can be read", {}),
    "data.class_balance": (0.37, 0.33, 0.41, "The classes are balanced", {"counts": {"b": 357, "m": 212}}),
    "data.label_errors": (
        0.061,
        0.048,
        0.075,
        "About 1 in 16 labels looks wrong",
        {
            "mitigations": [
                {
                    "title": "Re-check 46 suspect labels",
                    "value": 0.006,
                    "low": 0.002,
                    "high": 0.012,
                    "effort": "1 day, one person",
                    "basis": "measured",
                    "note": "Retrained without them, accuracy rose by 2 points.",
                }
            ]
        },
    ),
    "data.duplicates": (0.01, 0.0, 0.013, "1 in 100 rows is a copy", {"across_split": 0}),
    "data.learning_curve": (0.5, 0.1, 1.5, "Accuracy is near its limit", {"unreachable": 0.1}),
    "data.types": (0.0, 0.0, 0.02, "Every column is of one kind", {}),
    "data.missing": (0.002, 0.001, 0.003, "Hardly anything is missing", {}),
    "data.outliers": (0.0, 0.0, 0.005, "No value looks impossible", {}),
    "data.redundancy": (0.1, 0.0, 0.2, "Hardly any column repeats another", {}),
    "data.coverage": (1.0, 0.0, 3.0, "No group does much worse than the rest", {}),
    "data.label_conflicts": (0.0, 0.0, 0.004, "No equal inputs are labelled differently", {}),
    "data.split_overlap": (0.0, 0.0, 0.01, "The test part shares nothing with the training part", {}),
    "data.target_leak": (0.0, 0.0, 0.05, "No column gives the answer away", {}),
    "data.drift": (0.5, 0.48, 0.53, "The parts look alike", {}),
    "data.shortcut": (0.0, 0.0, 0.1, "No shortcut was found", {}),
    "data.time_order": (0.0, 0.0, 0.004, "The time is complete and in order", {}),
    "data.feasibility": (0.05, 0.0, 0.2, "The goal looks possible", {}),
    "data.synthetic": (0.2, -0.5, 0.9, "Made data hardly helps", {}),
    "security.poisoning": (0.003, 0.0, 0.011, "No planted trigger was found", {"decision": "inconclusive"}),
    "security.poison_impact": (1.2, 0.4, 2.0, "Changing 5% of the labels would cost 1.2 points", {}),
    "security.personal_data": (0.0, 0.0, 0.0004, "No personal data was found", {}),
    "security.secrets": (0.0, 0.0, 0.0, "No key, token or password was found", {}),
    "security.reidentification": (0.01, 0.0, 0.02, "1 in 100 rows is alone by age and sex", {}),
    "security.adversarial": (0.42, 0.3, 0.5, "Tiny changes cut accuracy from 97% to 56%", {}),
    "security.noise": (0.12, 0.08, 0.16, "Blur cuts accuracy from 97% to 85%", {}),
    "security.membership": (0.031, 0.022, 0.045, "1 in 32 training rows can be recognised", {}),
    "security.extraction": (2000.0, 1200.0, 3400.0, "About 2,000 questions copy the model", {}),
    "security.unsafe_files": (
        0.0,
        0.0,
        1.0,
        "No model file was shown, and nothing in the data runs when it is opened",
        {"artefacts": 0},
    ),
    "hardware.inventory": (60.0, 55.0, 66.0, "This machine does 60 billion operations a second", {}),
    "hardware.memory": (0.1, 0.08, 0.12, "Training needs a tenth of the memory", {}),
    "hardware.training_cost": (
        0.01,
        0.0,
        0.03,
        "Training takes about 2 minutes",
        {
            "forecast": {"hours": {"p10": 0.01, "p50": 0.03, "p90": 0.05}, "money": {"p90": 0.5}},
            "by_accelerator": [{"id": "l4", "name": "L4", "fits": True}],
            "currency": "USD",
        },
    ),
    "hardware.serving": (0.2, 0.1, 0.4, "Answers take about 20% of the time allowed", {}),
    "hardware.transfer": (0.3, 0.2, 0.5, "A trained model needs 30% of the rows", {}),
    "hardware.input_pipeline": (0.0, 0.0, 0.0, "Rows are loaded as fast as the accelerator takes them", {}),
    "hardware.scaling": (0.0, 0.0, 0.0, "More than 8 devices no longer pay off", {"knee": 16, "at": 1}),
    "flexibility.interference": (0.4, 0.0, 1.5, "The tasks can share one network", {}),
    "flexibility.forgetting": (8.0, 6.0, 10.0, "Retraining costs 8 points on the old task", {}),
    "flexibility.reuse": (0.15, 0.1, 0.25, "A neighbouring task needs 15% of the first training", {}),
    "flexibility.site_gap": (0.5, 0.0, 1.5, "An unseen site costs next to nothing", {}),
    "flexibility.input_loss": (6.0, 3.0, 9.0, "Without age the model loses 6 points", {}),
    "hyperparameters.plan_review": (0.0, 0.0, 0.0, "The plan is sound", {"faults": []}),
    "hyperparameters.sensitivity": (0.6, 0.3, 1.1, "The settings are steady", {"seed_sd": 0.3}),
    "hyperparameters.seed_noise": (0.3, 0.2, 0.5, "Luck alone moves the result by 0.3 points", {}),
    "hyperparameters.butterfly": (0.0, 0.0, 0.01, "Invisible changes stay without effect", {}),
    "hyperparameters.learning_rate": (17.0, 12.0, 17.0, "The learning rate is 17 times below the edge", {}),
    "hyperparameters.overfitting": (2.0, 1.0, 3.0, "The model does as well on new rows as on its own", {}),
    "hyperparameters.repeatability": (0.0, 0.0, 0.0, "The same seed gives the same answers", {}),
    "hyperparameters.tuning_gap": (0.8, 0.4, 1.2, "Tuning gains 0.8 points", {}),
    "hyperparameters.importance": (2.7, 1.0, 5.0, "Learning rate and width deserve the tuning", {}),
    "hyperparameters.baseline": (0.2, -0.4, 0.8, "A linear model would do as well", {}),
}

MANIFEST = {
    "format": "riskboard.prepared/3",
    "kind": "table",
    "rows": 569,
    "files": [
        {"name": "a.csv", "sha256": "ab" * 32, "bytes": 3, "rows": 569, "split": None, "problem": None}
    ],
    "columns": [{"name": "x", "type": "number", "role": "feature"}],
    "targets": [{"name": "y", "task": "binary", "classes": ["b", "m"], "guessed": False}],
    "split": {
        "made_by": "column",
        "how": "the column split",
        "train": 400,
        "validation": 55,
        "test": 114,
    },
    "notes": [],
}

ANSWERS = {
    "C1": {"value": "money"},
    "D1": {"value": "yes"},
    "D2": {"value": {"total": 1000, "rarest": 200}},
    "D3": {"value": "experts_double", "note": "Two doctors."},
    "D5": {"value": "partly"},
    "S1": {"value": ["none"]},
    "S4": {"unknown": True},
    "H6": {"not_applicable": "It runs once a night."},
    "P2": {"value": "yes"},
    "P8": {"value": "no"},
}


def finding(value=None, low=None, high=None, title="", facts=None, state="measured", note="", sample=569):
    return {
        "value": value,
        "low": low,
        "high": high,
        "title": title,
        "note": note or f"{title}.",
        "facts": {"faults": [], **(facts or {})},
        "sample": sample,
        "state": state,
        "basis": "measured",
    }


def findings(**changed):
    """All twelve by id; ``data__duplicates=finding(...)`` replaces one, None leaves it out."""
    found = {
        probe: finding(value, low, high, title, facts)
        for probe, (value, low, high, title, facts) in VALUES.items()
    }
    found |= {name.replace("__", "."): one for name, one in changed.items()}
    return {probe: one for probe, one in found.items() if one is not None}


def records(found=None):
    """Findings as ``document.build`` takes them."""
    found = findings() if found is None else found
    return [{"probe": probe, "finding": one, "seconds": 1.25} for probe, one in found.items()]


assert set(VALUES) == set(catalog.ACTIVE), "one finding a probe of the catalogue"
