"""Wrong labels are found where they were planted, and overlapping classes are not called wrong."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_wine, make_blobs

from tests.workers.probes.tables import prepared
from workers.probes.base import Budget, Target
from workers.probes.data import label_errors
from workers.probes.data.label_errors import MEDIUM
from workers.probes.data.label_errors import words as label_words
from workers.probes.data.shared import lapse, out_of_fold
from workers.probes.data.shared.judged import Judged, judge


def standard(x):
    return ((x - x.mean(0)) / (x.std(0) + 1e-6)).astype(np.float32)


def overlapping(rows=1200, seed=0):
    """Three Gaussian classes; the best possible model is right in about 82 % of the rows."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, rows)
    return standard(rng.normal(size=(rows, 8)) + 1.8 * np.eye(3, 8)[y]), y


def real(name):
    if name == "blobs":
        x, y = make_blobs(800, n_features=6, centers=4, cluster_std=1.5, random_state=0)
        return standard(x), y
    data = {"cancer": load_breast_cancer, "wine": load_wine, "digits": load_digits}[name]()
    return standard(data.data), data.target


def flipped(y, share, seed, pair=False):
    """Labels with a share of wrong ones, and which those are."""
    rng, classes = np.random.default_rng(seed), int(y.max()) + 1
    pool = np.flatnonzero(y == 0) if pair else np.arange(len(y))
    rows = rng.choice(pool, round(share * len(pool)), replace=False)
    noisy = y.copy()
    noisy[rows] = 1 if pair else (y[rows] + rng.integers(1, classes, len(rows))) % classes
    return noisy, set(rows.tolist())


def judged(folder, x, y, seconds=60, seed=0, **more):
    columns = {"y": [f"class {label}" for label in y]}
    sample = prepared(folder, columns, {"y": "multiclass"}, features=x, **more)
    return label_errors.run(sample, Budget(seconds, seed))


def quality(finding, planted):
    found = set(finding.facts["rows"])
    return len(found & planted) / max(len(found), 1), len(found & planted) / max(len(planted), 1)


@pytest.mark.parametrize("seed", range(3))
def test_an_outcome_that_is_all_but_chance_is_inconclusive(tmp_path, seed):
    """Up or down tomorrow: what models believe after cleaning is their own doing."""
    rng = np.random.default_rng(seed)
    steps = rng.standard_t(4, 1_520) * 0.01
    price, spread = np.cumsum(steps), [steps[max(0, i - 20) : i + 1].std() for i in range(1_520)]
    week = np.convolve(steps, np.ones(5), "full")[:1_520]
    y = np.roll(steps, -1) + 0.15 * steps + rng.normal(0, 0.01, 1_520) > 0
    x = np.stack([price, spread, steps, week, np.arange(1_520)], axis=1)[20:-1]
    found = judged(tmp_path, standard(x), y.astype(int)[20:-1], seed=seed)
    assert found.value is None
    assert all(fault["severity"] == "low" for fault in found.facts.get("faults", ()))


@pytest.mark.parametrize("name", ["cancer", "wine", "digits", "blobs"])
def test_clean_labels_stay_quiet(tmp_path, name):
    x, y = real(name)
    finding = judged(tmp_path, x, y)
    assert len(finding.facts["rows"]) <= 0.01 * len(y)
    assert finding.low < 0.005
    assert finding.value < 0.01
    assert {fault["severity"] for fault in finding.facts["faults"]} <= {"low"}


@pytest.mark.parametrize("name", ["cancer", "wine", "digits", "blobs"])
@pytest.mark.parametrize("share", [pytest.param(0.1, marks=pytest.mark.slow), 0.2])
def test_planted_flips_are_listed_and_counted(tmp_path, name, share):
    x, y = real(name)
    measured = []
    for seed in range(3):
        noisy, planted = flipped(y, share, seed=20 + seed)
        finding = judged(tmp_path / str(seed), x, noisy)
        measured.append((*quality(finding, planted), finding.value))
        assert finding.facts["faults"][0]["severity"] == "high"
    precision, recall, value = np.mean(measured, axis=0)
    assert precision >= 0.85
    assert recall >= 0.8
    assert value == pytest.approx(share, abs=0.025)


def test_one_class_called_another_is_seen_where_the_other_is_right(tmp_path):
    x, y = real("digits")
    noisy, planted = flipped(y, 0.3, seed=5, pair=True)
    finding = judged(tmp_path, x, noisy)
    precision, recall = quality(finding, planted)
    assert precision >= 0.85
    assert recall >= 0.6
    pairs = [(suspect["given"], suspect["expected"]) for suspect in finding.facts["suspects"]]
    assert pairs.count(("class 1", "class 0")) > 0.8 * len(pairs)


def test_overlap_is_not_called_noise(tmp_path):
    x, y = overlapping()
    finding = judged(tmp_path, x, y)
    assert finding.facts["rate_overlap"] > 0.04  # confident learning alone would raise an alarm
    assert len(finding.facts["rows"]) <= 0.01 * len(y)
    assert finding.value < 0.01
    assert {fault["severity"] for fault in finding.facts["faults"]} <= {"low"}


@pytest.mark.parametrize(("columns", "slope", "seed"), [(4, 1.0, 3), (4, 1.0, 5), (8, 1.4, 0)])
def test_chances_that_rise_smoothly_are_no_wrong_labels(tmp_path, columns, slope, seed):
    """As whether a customer leaves: a fifth to a third of the rows is on the unlikely side."""
    rng = np.random.default_rng([seed, 600, columns])
    x = rng.normal(size=(600, columns))
    y = (rng.random(600) < 1 / (1 + np.exp(-slope * x @ np.full(columns, 2 / columns)))).astype(int)
    table = {"y": [f"class {k}" for k in y]}
    sample = prepared(tmp_path, table, {"y": "multiclass"}, features=standard(x))
    assert judge(sample, Budget(60, 0), 0, sample.target, 20).value < 0.01


def test_three_wrong_labels_in_ten_of_two_classes_are_counted(tmp_path):
    """Models that learnt from them miss many labels that nobody suspects, and are believed once cleaned."""
    x, y = real("cancer")
    values = []
    for seed in (103, 107, 108, 109):
        noisy, _ = flipped(y, 0.3, seed=seed)
        columns = {"y": [f"class {label}" for label in noisy]}
        sample = prepared(tmp_path / str(seed), columns, {"y": "multiclass"}, features=x[:, :12])
        values.append(judge(sample, Budget(60, 0), 0, sample.target, 20).value)
    assert sum(value == pytest.approx(0.3, abs=0.05) for value in values) >= 3, values


def test_where_inputs_do_not_decide_the_rate_is_an_upper_bound(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (900, 2)).astype(np.float32)  # four different rows in all
    y = np.where(rng.random(900) < 0.12, 1 - x[:, 0], x[:, 0]).astype(int)
    finding = judged(tmp_path, standard(x), y)
    assert finding.facts["upper_bound"]
    assert finding.low == 0
    assert finding.high > 0.05
    assert {fault["severity"] for fault in finding.facts["faults"]} <= {"low"}


def test_a_class_nobody_can_predict_is_hard_and_not_mislabelled(tmp_path):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(1000, 5))
    y = (rng.random(1000) < 0.04).astype(int)
    assert judged(tmp_path, x, y).facts["rows"] == []


def test_the_null_and_the_gain_are_measured(tmp_path):
    x, y = real("cancer")
    noisy, _ = flipped(y, 0.1, seed=2)
    finding = judged(tmp_path, x, noisy)
    assert finding.facts["null"]["rate"] < 0.01
    assert finding.facts["gain"]["low"] <= finding.facts["gain"]["points"] <= finding.facts["gain"]["high"]
    (mitigation,) = finding.facts["mitigations"]
    assert mitigation["basis"] == "measured"
    assert mitigation["value"] < 0.3 * finding.value


def test_the_same_seed_gives_the_same_finding(tmp_path):
    x, y = real("wine")
    noisy, _ = flipped(y, 0.1, seed=3)
    first = judged(tmp_path / "a", x, noisy).as_json()
    assert judged(tmp_path / "b", x, noisy).as_json() == first


def numbers(rows=600, seed=0, tail=None):
    """A number that follows its inputs, with normal or heavy-tailed noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 6)).astype(np.float32)
    noise = rng.normal(size=rows) if tail is None else rng.standard_t(tail, rows)
    return x, 200 + 60 * x[:, 0] - 40 * x[:, 1] * (x[:, 2] > 0) + 12 * noise


def judged_numbers(folder, x, y):
    sample = prepared(folder, {"price": [f"{v:.3f}" for v in y]}, {"price": "regression"}, features=x)
    return label_errors.run(sample, Budget(60, 0))


@pytest.mark.parametrize("slip", [lambda v: 10 * v, lambda v: -v, lambda v: v / 100 + 900])
def test_gross_slips_in_a_number_are_named(tmp_path, slip):
    x, y = numbers()
    planted = set(np.random.default_rng(1).choice(len(y), 18, replace=False).tolist())
    rows = sorted(planted)
    y[rows] = slip(y[rows])
    finding = judged_numbers(tmp_path, x, y)
    precision, recall = quality(finding, planted)
    assert precision >= 0.9
    assert recall >= 0.8
    assert finding.facts["faults"][0]["fault"] == "label_errors"


@pytest.mark.parametrize("tail", [None, 4, 2.5])
def test_honest_heavy_tails_stay_quiet(tmp_path, tail):
    alarms = 0
    for seed in range(6):
        finding = judged_numbers(tmp_path / str(seed), *numbers(seed=seed, tail=tail))
        alarms += {fault["severity"] for fault in finding.facts["faults"]} > {"low"}
        assert finding.value <= 0.004
    assert alarms == 0


def test_a_number_that_inputs_do_not_tell_is_inconclusive(tmp_path):
    rng = np.random.default_rng(0)
    finding = judged_numbers(tmp_path, rng.normal(size=(300, 4)).astype(np.float32), rng.normal(size=300))
    assert finding.state == "skipped"
    assert finding.note.startswith("Inconclusive: ")


def test_every_target_is_judged_and_the_worst_leads(tmp_path):
    x, y = real("cancer")
    noisy, planted = flipped(y, 0.1, seed=4)
    columns = {"fine": [str(v) for v in y], "noisy": [str(v) for v in noisy]}
    sample = prepared(tmp_path, columns, {"fine": "binary", "noisy": "binary"}, features=x)
    finding = label_errors.run(sample, Budget())
    assert finding.facts["target"] == "noisy"
    assert finding.facts["by_target"]["fine"]["value"] < 0.01 < finding.facts["by_target"]["noisy"]["value"]
    assert quality(finding, planted)[0] >= 0.8


def test_pictures_come_with_thumbnails_and_file_names(tmp_path):
    digits = load_digits()
    noisy, _ = flipped(digits.target, 0.1, seed=1)
    names = [f"{label}/{i:05d}.png" for i, label in enumerate(noisy)]
    pictures = (digits.images * 15).astype(np.uint8)[..., None]
    finding = judged(tmp_path, standard(digits.data), noisy, kind="images", files=names, images=pictures)
    assert finding.facts["files"][0] in names
    assert sum("image" in suspect for suspect in finding.facts["suspects"]) == 12
    assert finding.facts["suspects"][0]["place"] == {"file": finding.facts["files"][0]}


def test_equal_rows_share_a_fold():
    x = np.repeat(np.random.default_rng(0).normal(size=(60, 3)), 3, axis=0)
    fold = out_of_fold.folds(x, np.arange(180) % 2, seed=0)
    assert (fold.reshape(60, 3) == fold.reshape(60, 3)[:, :1]).all()
    assert len(np.unique(fold)) == out_of_fold.FOLDS


def test_the_lapse_rate_covers_the_truth():
    inside = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        margin = np.abs(rng.normal(3, 2, 800))
        chance = 1 / (1 + np.exp(-margin))
        y = (rng.random(800) > chance).astype(int)  # the best class is 0; calibrated overlap
        wrong = rng.random(800) < 0.06
        found = lapse.fit(np.stack([chance, 1 - chance], 1), np.where(wrong, 1 - y, y))
        inside += found.low <= 0.06 <= found.high
    assert inside >= 33


def test_the_ready_faulty_set_meets_the_bar(tmp_path, shared_data):
    folder = shared_data / "faulty" / "bc_label_flips"
    with (folder / "train.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    x = standard(np.array([[float(v) for k, v in row.items() if k != "diagnosis"] for row in rows]))
    y = np.array([int(row["diagnosis"] == "malignant") for row in rows])
    planted = set(json.loads((folder / "truth.json").read_text("utf-8"))[0]["rows"])
    precision, recall = quality(judged(tmp_path, x, y), planted)
    assert precision >= 0.8
    assert recall >= 0.8


def bounded(rate, wrong, chances, y):
    """A target that its inputs do not decide."""
    lapses = lapse.Lapses(rate, rate / 2, 2 * rate, wrong, 1.0)
    target = Target("y", "binary", ("a", "b"))
    return Judged(
        target, np.arange(len(y)), y, ("a", "b"), chances, np.zeros(len(y)), np.zeros(len(y), int), lapses,
        [np.arange(len(y))], 0.9,
    )  # fmt: skip


def test_a_rate_that_is_only_a_bound_is_no_value():
    y, chances = np.arange(200) % 2, np.full((200, 2), 0.5)
    nothing = bounded(0.25, np.zeros(200), chances, y)
    assert not nothing.conclusive
    wrong = np.r_[np.ones(20), np.zeros(180)]
    chances = np.stack([1 - y, y], 1) * 0.8 + 0.1
    chances[:20] = chances[:20, ::-1] * [0.99, 1.01]
    some = bounded(0.25, wrong, chances, y)
    assert some.conclusive
    assert some.supported > 0.01
    assert some.value < MEDIUM  # as its fault, it is never more than low
    assert "20 labels may be wrong" in label_words.title(some)
    assert "1 in" not in label_words.title(some)
    many = bounded(0.05, np.ones(200), chances, y)  # the rest of a large share is doubt
    assert many.high == 0.1
    assert "20 labels may be wrong" in label_words.title(many)


def test_what_the_models_confuse_in_a_twin_without_wrong_labels_is_taken_off():
    one = bounded(0.05, np.zeros(200), np.full((200, 2), 0.5), np.zeros(200, int))
    one.twins = 0.0
    assert (one.low, one.value) == (0.025, 0.05)
    one.confused = (0.04, 0.06)
    assert one.low == 0
    assert one.value == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("low", "value", "high", "says"),
    [
        (0.0, 0.001, 0.01, "No label looks wrong"),
        (0.0, 0.25, 0.5, "Up to 50% of the labels may be wrong"),
        (0.05, 0.1, 0.2, "About 1 in 10 labels looks wrong, but none stands out"),
    ],
)
def test_the_title_never_contradicts_the_value(low, value, high, says):
    one = bounded(value, np.zeros(200), np.full((200, 2), 0.5), np.zeros(200, int))
    one.twins, one.lapses = 0.0, lapse.Lapses(value, low, high, np.zeros(200), 1.0)
    assert one.overlap == 0
    assert label_words.title(one) == says


def test_undecided_labels_are_inconclusive(tmp_path):
    rng = np.random.default_rng(0)
    finding = judged(tmp_path, rng.normal(size=(120, 3)).astype(np.float32), rng.integers(0, 2, 120))
    assert finding.state == "skipped"
    assert finding.note.startswith("Inconclusive: ")


def test_an_outcome_that_the_columns_hardly_decide_is_not_called_mislabelled():
    from workers.probes.data.shared import lapse

    rng = np.random.default_rng(4)
    honest = 0.15 + 0.7 * rng.beta(2, 2, 4_000)
    chances = np.stack([1 - honest, honest], axis=1)
    y = (rng.random(4_000) < honest).astype(int)
    assert lapse.support([chances], y) < lapse.SUPPORTED


def test_wrong_labels_stay_wrong_however_sure_the_models_are():
    from workers.probes.data.shared import lapse

    rng = np.random.default_rng(5)
    sure = rng.uniform(0.6, 0.9, 4_000)
    best = rng.integers(0, 2, 4_000)
    chances = np.where(np.arange(2) == best[:, None], sure[:, None], 1 - sure[:, None])
    y = np.where(rng.random(4_000) < 0.3, 1 - best, best)
    assert lapse.support([chances], y) > 10 * lapse.SUPPORTED


def test_what_one_class_is_called_is_told_from_overlap_by_models_that_are_sure():
    """Of the rows that look like the first class, one in ten is called the second, and never the reverse."""
    rng = np.random.default_rng(6)
    sure = rng.uniform(0.8, 0.99, 900)
    best = rng.integers(0, 3, 900)
    chances = np.where(np.arange(3) == best[:, None], sure[:, None], (1 - sure[:, None]) / 2)
    y = np.where((best == 0) & (rng.random(900) < 0.1), 1, best)
    assert lapse.support([chances], y, named=True) > 2 * lapse.NAMED
    honest = (rng.random((900, 1)) > chances.cumsum(axis=1)).sum(axis=1)  # drawn by the chances themselves
    assert lapse.support([chances], honest, named=True) < lapse.NAMED
