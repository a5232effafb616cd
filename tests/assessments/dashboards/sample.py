"""A report document with every probe's facts, for the pages: the shapes are those of a real run."""

from __future__ import annotations

import base64
import copy
import struct
import zlib
from typing import Any

PROBES: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "security.adversarial",
        {
            "value": 0.67, "low": 0.63, "high": 0.71, "unit": "share of accuracy lost", "sample": 2000,
            "score": 78, "level": "high", "title": "Tiny pixel changes cut accuracy from 95% to 31%",
            "note": "A change too small to see makes the model wrong on about 7 of 10 images.",
            "why": "Noise too small to see can turn a horse into a zebra, by chance or on purpose.",
            "fix": "Train on attacked examples as well, and check inputs that differ from the training data.",
            "seconds": 6.2,
            "facts": {
                "unit": "of 255", "strength": [0, 1, 2, 3, 4, 6, 8],
                "random": [0.946, 0.945, 0.944, 0.94, 0.93, 0.91, 0.88],
                "fgsm": [0.946, 0.94, 0.92, 0.89, 0.87, 0.81, 0.73],
                "pgd": [0.946, 0.79, 0.53, 0.32, 0.19, 0.07, 0.03],
                "worst": [0.946, 0.79, 0.52, 0.31, 0.18, 0.06, 0.02],
                "worst_low": [0.936, 0.76, 0.49, 0.28, 0.15, 0.04, 0.01],
                "worst_high": [0.956, 0.82, 0.56, 0.35, 0.21, 0.08, 0.03],
                "clean": 0.946, "threat": 3, "at_threat": 0.31, "guessing": 0.167, "checks": {},
                "matrix": {"classes": ["ok", "tilt"], "counts": [[310, 90], [240, 360]]},
                "examples": [], "mitigations": [], "faults": [],
            },
        },
    ),
    (
        "data.label_errors",
        {
            "value": 0.061, "low": 0.048, "high": 0.075, "unit": "share of labels", "sample": 18400,
            "score": 71, "level": "high", "title": "About 1 in 16 training labels looks wrong",
            "note": "The model disagrees with the recorded label, with high confidence, on 1,120 images.",
            "why": "A model trained on wrong labels repeats them, and a test on wrong labels hides it.",
            "fix": "Let two people look at the labels named here, most suspicious first.", "seconds": 4.1,
            "facts": {
                "files": [f"caps/{n}.png" for n in range(1120)], "rate_confident": 0.061, "rate_overlap": 0.02,
                "null": 0.002, "gain": None, "mitigations": [], "faults": [],
                "suspects": [
                    {"place": {"file": f"caps/{n}.png"}, "given": given, "expected": expected, "sure": sure}
                    for n, (expected, given, sure) in enumerate(
                        [
                            ("Wrinkle", "OK", 0.99), ("Seal gap", "OK", 0.98), ("OK", "Tilt", 0.97),
                            ("Foreign body", "Print", 0.97), ("Print", "OK", 0.96), ("Tilt", "OK", 0.95),
                        ]
                    )
                ],
            },
        },
    ),
    (
        "data.learning_curve",
        {
            "value": 2.4, "low": 0.9, "high": 3.6, "unit": "points still to gain", "sample": 18400,
            "score": 57, "level": "moderate", "title": "More labelled images would still help",
            "note": "Accuracy is 94.6%; 97% needs 41,000 to 95,000 images.",
            "why": "A project that needs ten times the data it has will be late or will not work.",
            "fix": "Collect the number of rows named here before the large training run.", "seconds": 9.8,
            "facts": {
                "metric": "accuracy", "n": [1150, 2300, 4600, 9200, 13800, 18400],
                "score": [0.842, 0.88, 0.911, 0.932, 0.941, 0.946],
                "score_low": [0.828, 0.871, 0.904, 0.926, 0.936, 0.942],
                "score_high": [0.856, 0.889, 0.918, 0.938, 0.946, 0.95],
                "now": 18400, "target": 0.97,
                "forecast": {
                    "n": [18400, 26000, 37000, 52000, 73600],
                    "p05": [0.942, 0.944, 0.946, 0.949, 0.951], "p25": [0.945, 0.949, 0.954, 0.958, 0.961],
                    "p50": [0.946, 0.953, 0.959, 0.964, 0.967], "p75": [0.948, 0.956, 0.963, 0.969, 0.973],
                    "p95": [0.951, 0.96, 0.968, 0.975, 0.98],
                },
                "rows_needed": {"p05": 41000, "p50": 62000, "p95": 95000}, "unreachable": 0.1, "faults": [],
            },
        },
    ),
    (
        "security.personal_data",
        {
            "value": 0.12, "low": 0.11, "high": 0.13, "unit": "share of rows", "sample": 18400, "score": 55,
            "level": "moderate", "title": "The notes column holds names and e-mail addresses",
            "note": "12% of the rows carry personal data, most of it in notes.",
            "why": "Personal data in training sets brings duties, and models can leak what they were shown.",
            "fix": "Remove or mask the columns named here, or record the legal basis for keeping them.",
            "seconds": 1.2,
            "facts": {
                "columns": ["notes", "operator"], "spans": [], "by_kind": {"email": 1800, "phone": 420}, "faults": [],
                "by_column": [
                    {"column": "notes", "kind": "email", "rows": 1800, "share": 0.098, "example": "m***@***"},
                    {"column": "operator", "kind": "phone", "rows": 420, "share": 0.023, "example": "+48 *** ***"},
                ],
            },
        },
    ),
    (
        "flexibility.forgetting",
        {
            "value": 31.0, "low": 27.0, "high": 35.0, "unit": "points lost on the old task", "sample": 2000,
            "score": 47, "level": "moderate", "title": "Retraining for new caps forgets a third of the old ones",
            "note": "Fine-tuning on the new classes costs 31 points on the old ones; replay costs 2.",
            "why": "Retraining for a new task silently undoes the old one.",
            "fix": "Keep old examples in every retraining, or give the new task its own column.", "seconds": 8.4,
            "facts": {
                "tasks": ["Caps 1–3", "Caps 4–6", "Caps 7–9"], "how": "The classes in their order, three at a time",
                "matrix": [[0.97, 0.31, 0.33], [0.66, 0.96, 0.34], [0.58, 0.71, 0.97]],
                "strategies": [
                    {"name": "fine_tune", "old_before": 0.97, "old_after": 0.66, "new": 0.96, "parameters": 21000,
                     "bwt": -0.31, "fwt": 0.02, "low": 0.6, "high": 0.7},
                    {"name": "joint", "old_before": 0.97, "old_after": 0.965, "new": 0.95, "parameters": 21000,
                     "bwt": -0.005, "fwt": 0.0, "low": 0.95, "high": 0.98},
                    {"name": "progressive_network", "old_before": 0.97, "old_after": 0.97, "new": 0.94,
                     "parameters": 46000, "bwt": 0.0, "fwt": 0.01, "low": 0.96, "high": 0.98},
                    {"name": "replay", "old_before": 0.97, "old_after": 0.95, "new": 0.95, "parameters": 21000,
                     "bwt": -0.02, "fwt": 0.0, "low": 0.93, "high": 0.97},
                ],
                "faults": [], "mitigations": [],
            },
        },
    ),
    (
        "data.class_balance",
        {
            "value": 0.031, "low": 0.029, "high": 0.034, "unit": "share of rows", "sample": 18400, "score": 44,
            "level": "moderate", "title": "Foreign body makes up 3.1% of the images",
            "note": "Foreign body makes up 3.1% of the images.", "why": "A model rarely learns what it rarely sees.",
            "fix": "Collect more examples of the rarest class.", "seconds": 0.4,
            "facts": {
                "counts": {"OK": 9200, "Wrinkle": 3100, "Print": 2400, "Tilt": 1830, "Seal gap": 1300,
                           "Foreign body": 570},
                "rarest": "Foreign body", "effective_classes": 4.1, "by_target": {}, "faults": [],
            },
        },
    ),
    (
        "hardware.training_cost",
        {
            "value": 0.18, "low": 0.1, "high": 0.3, "unit": "chance to miss the limits", "sample": None, "score": 34,
            "level": "low", "title": "One L4 keeps the deadline and is the second cheapest",
            "note": "On one L4 the training takes 3 to 6 hours and costs $3 to $5.", "basis": "estimated",
            "why": "Training bills and queues end more projects than bad accuracy does.",
            "fix": "Choose the accelerator named here, or train fewer times.", "seconds": 4.0,
            "facts": {
                "chosen": "l4", "currency": "USD", "deadline_hours": 8, "budget": 25, "calibration": {}, "faults": [],
                "by_accelerator": [
                    {"id": key, "name": name, "fits": fits, **{
                        what: {"p10": mid * 0.75, "p50": mid, "p90": mid * 1.3}
                        for what, mid in (("hours", hours), ("money", money), ("kwh", kwh), ("kg_co2", kwh * 0.3))
                    }}
                    for key, name, fits, hours, money, kwh in (
                        ("t4", "NVIDIA T4", False, 9.0, 4.7, 0.72), ("l4", "NVIDIA L4", True, 4.4, 3.6, 0.38),
                        ("a10g", "NVIDIA A10G", True, 2.9, 4.4, 0.62), ("a100", "NVIDIA A100 80 GB", True, 1.1, 5.0, 0.46),
                        ("h100", "NVIDIA H100 SXM", True, 0.55, 6.1, 0.41),
                    )
                ],
            },
        },
    ),
    (
        "hardware.memory",
        {
            "value": 0.61, "low": 0.55, "high": 0.7, "unit": "share of device memory", "sample": None, "score": 22,
            "level": "low", "title": "Training needs 15 GB of the 24 GB there are", "basis": "estimated",
            "note": "At batch 64 the peak is 13 to 17 GB.",
            "why": "A training run that does not fit stops in its first minute, or on its last batch.",
            "fix": "Use a smaller batch, a smaller precision or a larger device.", "seconds": 0.8,
            "facts": {
                "parameters": 25_600_000, "flops_per_step": 1.6e12,
                "breakdown": [
                    {"part": "weights", "bytes": 0.1e9}, {"part": "gradients", "bytes": 0.1e9},
                    {"part": "optimizer", "bytes": 0.2e9}, {"part": "activations", "bytes": 12.6e9},
                    {"part": "workspace", "bytes": 1.6e9},
                ],
                "peak": {"low": 13.2e9, "mid": 14.6e9, "high": 16.8e9}, "device": {"name": "NVIDIA L4", "bytes": 24e9},
                "largest_batch": 92, "what_if": [{"what": "bf16", "bytes": 8e9}], "faults": [],
            },
        },
    ),
    (
        "hyperparameters.sensitivity",
        {
            "value": 4.9, "low": 4.1, "high": 5.6, "unit": "points lost within 25 %", "sample": 2000, "score": 26,
            "level": "low", "title": "Only the learning rate really matters",
            "note": "A learning rate four times too high costs 4.9 points; nothing else costs more than 3.",
            "why": "Settings that nobody tuned can sit on the edge of a cliff.",
            "fix": "Tune the settings named here and report the spread over several seeds.", "seconds": 7.0,
            "facts": {
                "metric": "accuracy", "base": 0.946, "seed_sd": 0.4, "fragility": 0.2, "faults": [], "mitigations": [],
                "tornado": [
                    {"parameter": name, "label": name.replace("_", " "), "setting": setting, "tried": [0.25, 4],
                     "down": down, "up": up, "low": -1, "high": 1, "signal_to_noise": 3, "p": 0.01}
                    for name, setting, down, up in (
                        ("learning_rate", 0.001, 0.6, -4.9), ("width", 128, -2.7, 0.9), ("dropout", 0.1, -1.6, 0.4),
                        ("batch_size", 64, -0.7, 0.3), ("weight_decay", 0.0001, -0.5, 0.2),
                    )
                ],
            },
        },
    ),
    (
        "data.duplicates",
        {
            "value": 0.004, "low": 0.003, "high": 0.005, "unit": "share of rows or files", "sample": 18400, "score": 18,
            "level": "minimal", "title": "70 images are there twice", "note": "70 of 18,400 images are copies.",
            "why": "Copies make a data set look larger than it is, and a test easier than real life.",
            "fix": "Keep one of each copy, and keep copies on the same side of the split.", "seconds": 2.0,
            "facts": {
                "exact": 52, "near": 18, "across_split": 6, "expected_by_chance": 0.0, "faults": [],
                "pairs": [[{"file": f"caps/{n}.png"}, {"file": f"caps/{n + 9000}.png"}] for n in range(70)],
            },
        },
    ),
    (
        "hardware.inventory",
        {
            "value": 61.0, "low": 58.0, "high": 64.0, "unit": "billion operations a second", "sample": 9, "score": 15,
            "level": "minimal", "title": "This worker has two cores and no accelerator",
            "note": "It reaches 61 billion operations a second.",
            "why": "Plans are made from data sheets; machines are shared, throttled and smaller.",
            "fix": "Run the large training on a machine of the list in Training cost.", "seconds": 1.0,
            "facts": {
                "device": "cpu", "cpu": "AMD EPYC 9V74", "cores": 2, "memory_gb": 7.8, "gpus": [],
                "matmul": [{"precision": "float32", "gflops": 61.0, "low": 58.0, "high": 64.0}],
                "memory_gbs": 18.0, "faults": [], "wall_over_cpu": 1.1,
            },
        },
    ),
    (
        "data.readability",
        {
            "value": 0.0002, "low": 0.0, "high": 0.0005, "unit": "share of rows or files", "sample": 18400, "score": 4,
            "level": "minimal", "title": "Three files do not open", "note": "3 of 18,400 files do not open.",
            "why": "Rows that are read wrongly teach the model something that is not there.",
            "fix": "Repair or remove the rows and files named here, then upload again.", "seconds": 3.0,
            "facts": {
                "files": [{"name": "caps/77.png", "rows": 0, "problem": "The picture ends in the middle"}],
                "faults": [{"fault": "broken_files", "severity": "low", "files": ["caps/77.png", "caps/81.png"]}],
                "dialect": None,
            },
        },
    ),
)

DIMENSIONS = (
    ("data", 64, 52, 74, "high", "6% of labels look wrong, and accuracy still rises with more images"),
    ("security", 71, 63, 80, "high", "Tiny pixel changes can fool the model"),
    ("hardware", 34, 28, 43, "low", "One L4 keeps the deadline at $3.60 a training"),
    ("flexibility", 47, 36, 60, "moderate", "Retraining for new caps forgets a third of the old ones"),
    ("hyperparameters", 26, 20, 35, "low", "Results are steady; only the learning rate matters"),
)


def picture(shade: int, size: int = 24) -> str:
    """A small grey disc as a base64 PNG."""
    rows = b""
    for y in range(size):
        rows += b"\0"
        for x in range(size):
            inside = (x - size / 2) ** 2 + (y - size / 2) ** 2 < (size * 0.38) ** 2
            rows += bytes([shade if inside else 45])

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return base64.b64encode(png).decode()


def finding(probe: str) -> dict[str, Any]:
    """One probe's finding."""
    found = dict(PROBES)[probe]
    return copy.deepcopy(
        {"probe": probe, "dimension": probe.partition(".")[0], "state": "measured", "basis": "measured"} | found
    )


def document() -> dict[str, Any]:
    """The whole report."""
    findings = [finding(probe) for probe, _ in PROBES]
    for found in findings:
        for place, suspect in enumerate(found["facts"].get("suspects", [])):
            suspect["image"] = picture(150 + 12 * place)
    return {
        "format": "riskboard.report/1",
        "rules": "2026.1",
        "run": {
            "id": "3f2a0c9e-6a55-4a51-9f1f-0a4f1a3b7c55", "seed": 0, "seconds": 48.5, "workers": 2,
            "finished": "2026-11-12T09:30:00+00:00", "hardware": {"cpu": "AMD EPYC 9V74", "cores": 2},
        },
        "assessment": {
            "name": "Cap-seal defect inspection", "client": "Meridian Packaging",
            "dataset": {"sha256": "9c1f" * 16, "modality": "images", "rows": 18400, "targets": ["defect"],
                        "files": [{"name": "caps.zip", "bytes": 412_000_000, "rows": 18400}]},
            "plan": {"model": {"kind": "cnn"}}, "plan_not_read": ["training.lookahead"],
        },
        "overall": {
            "score": 53, "low": 45, "high": 61, "level": "moderate", "coverage": 0.86, "known": [12, 12],
            "probability": {"minimal": 0, "low": 0.01, "moderate": 0.91, "high": 0.08, "critical": 0},
            "verdict": "Ready for a pilot once two things are fixed. The model works well on clean images. "
                       "But small image changes can fool it, and about 1 in 16 training labels looks wrong.",
        },
        "dimensions": [
            {"id": key, "score": score, "low": low, "high": high, "level": level, "coverage": 0.9, "reason": reason,
             "probability": {}, "known": [3, 3]}
            for key, score, low, high, level, reason in DIMENSIONS
        ],
        "findings": findings,
        "contradictions": [
            {"question": "D3", "declared": "Labels were checked twice; fewer than 1% are wrong",
             "measured": "About 6.1% of labels look wrong", "probe": "data.label_errors", "closed": None},
        ],
        "actions": [
            {"title": "Train against small image changes", "dimension": "security", "from": 71, "to": 52,
             "effort": "2–3 weeks, one engineer", "basis": "estimated",
             "note": "Add adversarial examples to training and reject frames that differ from the last good one."},
            {"title": "Re-check 1,120 suspect labels", "dimension": "data", "from": 64, "to": 49,
             "effort": "4 days, two labellers", "basis": "measured",
             "note": "Two people look at each flagged image; disagreements go to the line lead."},
            {"title": "Replay old images in every retraining", "dimension": "flexibility", "from": 47, "to": 35,
             "effort": "3 days, one engineer", "basis": "measured",
             "note": "A tenth of the old images in each batch keeps what was learnt."},
            {"title": "Mask the notes column", "dimension": "security", "from": 71, "to": 68,
             "effort": "1 day, one engineer", "basis": "estimated", "note": "Nothing in it is used by the model."},
        ],
        "next_evidence": [
            {"question": "S5", "title": "Is there a manual fallback?", "narrows_by": 4, "minutes": 1},
        ],
        "answers": [
            {"question": "S1", "dimension": "security", "asks": "Who can reach the camera feed?",
             "answer": "Plant network only", "state": "answered"},
            {"question": "S5", "dimension": "security", "asks": "Is there a manual fallback?", "answer": "",
             "state": "unanswered"},
        ],
        "forecast": {},
    }
