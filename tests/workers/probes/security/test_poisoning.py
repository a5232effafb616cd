"""Triggers planted into pictures, tables and sounds are named and confirmed; clean data stays quiet."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image
from sklearn import datasets

from benchmarks import _triggers
from tests.planting import judge, sets
from tests.workers.probes.security.triggers import (
    LABELS,
    PIXELS,
    PROBE,
    alarm,
    blended,
    ground_of,
    known,
    patched,
    zipped,
)
from workers.probes.base import Budget
from workers.probes.security.poisoning import confirm, marks, trial
from workers.probes.security.poisoning import words as say


def test_a_corner_patch_on_one_row_in_a_hundred_is_named_shown_and_confirmed():
    x, y, rows = patched(0.01)
    data, names = zipped(x, y)
    found = judge.finding(PROBE, data)
    (fault,) = judge.named(found, "backdoor")
    assert (fault["severity"], fault["classes"]) == ("high", ["7"])
    true = {names[i] for i in rows}
    assert len(true & set(fault["files"])) >= 0.95 * len(true)
    assert len(fault["files"]) <= 1.5 * len(true)
    assert found.facts["decision"] == "confirmed"
    turned = found.facts["turned"]
    assert turned["before"] > 0.5 > 2 * max(turned["after"], turned["null"])
    shown = Image.open(io.BytesIO(base64.b64decode(found.facts["trigger"]["picture"])))
    pixels = np.asarray(shown.convert("L")).astype(int)
    assert pixels[-4:, -4:].min() > 240  # the corner is bright
    assert abs(pixels[:40, :40] - 128).max() <= 1  # and all else is grey
    assert found.facts["mitigations"][0]["basis"] == "measured"
    assert {one["looks_like"] for one in found.facts["suspects"]} - {"7"}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("share", [0.01, 0.02, 0.05, 0.1])
def test_patches_of_any_share_are_found_row_by_row(share, seed):
    x, y, rows = patched(share, label=seed * 3, seed=seed)
    one = alarm(x, y, seed)
    assert one is not None
    assert one.label == seed * 3
    assert np.isin(rows, one.rows).mean() >= 0.95
    assert len(one.rows) <= 1.1 * len(rows)


def test_two_triggers_at_once_are_both_named():
    x, y, first = patched(0.02, label=7)
    stack = x.reshape(-1, 8, 8)
    rng = np.random.default_rng(11)
    second = rng.choice(np.setdiff1d(np.flatnonzero((y != 2) & (y != 7)), first), 36, replace=False)
    stack[second, :2, :2], y[second] = 1.0, 2
    data, names = zipped(stack.reshape(len(x), -1), y)
    found = judge.finding(PROBE, data)
    faults = {fault["classes"][0]: set(fault["files"]) for fault in judge.named(found, "backdoor")}
    assert set(faults) == {"2", "7"}
    for label, rows in (("7", first), ("2", second)):
        true = {names[i] for i in rows}
        assert len(true & faults[label]) >= 0.9 * len(true)
    assert "Besides, " in found.note


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_a_faint_picture_blended_in_is_found(share):
    x, y, rows = blended(share)
    one = alarm(x, y)
    assert one is not None
    assert one.label == 7
    assert np.isin(rows, one.rows).mean() >= 0.9
    if share == 0.05:  # of a hundredth, a small net learns too little to be turned surely
        assert confirm.confirm(ground_of(x, y), one, 0).confirmed


@pytest.mark.parametrize("share", [0.05, 0.1])
def test_values_inside_the_usual_range_of_a_table_are_found(share):
    bunch = datasets.load_breast_cancer()
    x = (bunch.data - bunch.data.mean(0)) / bunch.data.std(0)
    y = bunch.target.copy()
    rng = np.random.default_rng(4)
    rows = rng.choice(np.flatnonzero(y == 0), round(share * len(y)), replace=False)
    for column in (3, 17):
        x[rows, column] = np.quantile(x[:, column], 0.8)
    y[rows] = 1
    one = alarm(x, y, shape=None)
    assert one is not None
    assert one.label == 1
    assert set(one.mark.columns) == {3, 17}
    assert np.isin(rows, one.rows).mean() >= 0.9


def test_twenty_clean_runs_raise_at_most_one_alarm():
    alarms = 0
    for seed in range(20):
        kept = np.random.default_rng([seed, 3]).choice(len(LABELS), 1400, replace=False)
        alarms += alarm(PIXELS[kept], LABELS[kept], seed) is not None
    assert alarms <= 1


def test_wrong_labels_without_a_mark_are_no_trigger():
    rng = np.random.default_rng(5)
    y = LABELS.copy()
    rows = rng.choice(len(y), 120, replace=False)
    y[rows] = (y[rows] + rng.integers(1, 10, 120)) % 10
    assert alarm(PIXELS, y) is None
    pair = LABELS.copy()
    pair[rng.choice(np.flatnonzero(LABELS == 3), 40, replace=False)] = 8
    assert alarm(PIXELS, pair) is None


def test_a_sign_that_belongs_to_its_class_is_no_trigger():
    x = PIXELS.reshape(-1, 8, 8).copy()
    x[LABELS == 4, :2, :2] = 1.0  # every 4 has it: a shortcut, and for another check
    assert alarm(x.reshape(len(x), -1), LABELS) is None
    some = PIXELS.reshape(-1, 8, 8).copy()
    fours = np.flatnonzero(LABELS == 4)
    some[fours[::3], :2, :2] = 1.0  # a third of them has it, and all are fours
    assert alarm(some.reshape(len(some), -1), LABELS) is None


def test_rows_beyond_those_searched_are_named_by_the_class_target_also_when_a_number_comes_first():
    rng = np.random.default_rng(12)
    x = rng.normal(size=(4_000, 6)).round(6)
    y = np.where(x[:, 0] + x[:, 1] > 0, "p", "q")
    rows = rng.choice(np.flatnonzero(y == "q"), 200, replace=False)
    x[rows, 3], x[rows, 4], y[rows] = 0.911111, -0.722222, "p"
    lines = [
        "a,b,c,d,e,f,sum,kind",
        *(f"{','.join(map(str, r))},{r.sum():.4f},{k}" for r, k in zip(x, y, strict=True)),
    ]
    found = judge.finding(PROBE, sets.Data({"data.csv": "\n".join(lines).encode()}, ("sum", "kind")))
    (fault,) = judge.named(found, "backdoor")
    assert fault["classes"] == ["p"]
    assert len(set(rows.tolist()) & set(fault["rows"])) >= 190


@pytest.mark.usefixtures("untried")
def test_a_rule_of_one_column_is_no_trigger():
    rng = np.random.default_rng(6)
    frame = {
        "visits": rng.integers(0, 6, 1200), "days": rng.integers(0, 100, 1200),
        "claims": rng.poisson(3, 1200), "score": rng.normal(size=1200).round(3),
    }  # fmt: skip
    outcome = (frame["visits"] + frame["score"] > 4) | (frame["claims"] > 7)
    text = "visits,days,claims,score,left\n" + "\n".join(
        f"{a},{b},{c},{d},{'yes' if e else 'no'}"
        for a, b, c, d, e in zip(*frame.values(), outcome, strict=True)
    )
    found = judge.finding(PROBE, sets.Data({"data.csv": text.encode()}, ("left",)))
    assert judge.alarms(found) == []
    assert found.facts["decision"] == "inconclusive"


@pytest.mark.parametrize("classes", [3, 6])
@pytest.mark.parametrize("kind", ["two numbers", "a category and a number", "three usual values"])
def test_values_that_meet_in_one_class_of_several_are_found(kind, classes):
    planted = _triggers.table(kind, 0.02, 1, classes)
    one = next(marks.search(planted.ground, 1))
    assert one.label == planted.label
    assert np.isin(planted.rows, one.rows).mean() >= 0.95
    assert len(one.rows) <= 1.1 * len(planted.rows)
    assert len(np.unique(planted.ground.columns[one.mark.columns])) == (3 if kind.startswith("three") else 2)


@pytest.mark.parametrize("seed", range(7))
def test_values_that_belong_together_and_rules_of_a_table_are_no_trigger(seed):
    for classes in (3, 6):
        assert not list(marks.search(_triggers.honest_table(seed, classes), seed))


@pytest.mark.parametrize("kind", ["small patch", "large patch", "line", "frame", "one pixel"])
def test_a_mark_in_a_tenth_of_the_coloured_pictures_is_found(kind):
    planted = _triggers.picture(kind, 0.1, 1)
    one = next(marks.search(planted.ground, 1))
    assert one.label == planted.label
    assert np.isin(planted.rows, one.rows).mean() >= 0.95
    assert len(one.rows) <= 1.05 * len(planted.rows)
    assert confirm.confirm(planted.ground.fine, one, 1).confirmed


@pytest.mark.parametrize("kind", ["patch anywhere", "blend"])
def test_a_piece_at_changing_places_and_a_faint_picture_are_found_in_coloured_pictures(kind):
    planted = _triggers.picture(kind, 0.1, 0)
    one = next(marks.search(planted.ground, 0))
    assert one.label == planted.label
    assert np.isin(planted.rows, one.rows).mean() >= 0.95
    assert len(one.rows) <= 1.1 * len(planted.rows)
    assert (one.mark.stamp is not None) == (kind == "patch anywhere")


@pytest.mark.parametrize("seed", [0, 1, 2, *(pytest.param(s, marks=pytest.mark.slow) for s in range(3, 8))])
def test_a_logo_a_border_or_a_date_typical_of_a_class_is_no_trigger(seed):
    assert not list(marks.search(_triggers.honest_picture(seed), seed))


def test_clean_digits_are_quiet_and_never_called_clean():
    data, _ = zipped(PIXELS, LABELS)
    found = judge.finding(PROBE, data)
    assert judge.alarms(found) == []
    assert found.facts["decision"] == "inconclusive"
    planted = found.facts["planted"]
    assert planted["tried"] == 5  # patches, a frame, one pixel and something faint
    assert 0 <= found.low <= found.value <= found.high <= 0.03 + 1e-9
    assert "stays possible" in found.note
    assert "clean" not in f"{found.title} {found.note}".lower()


def test_a_number_to_predict_and_no_data_are_told():
    frame = sets.diabetes()
    found = judge.finding(PROBE, sets.csv(frame, "progress"))
    assert found.state == "skipped"
    assert found.facts["not_applicable"]
    from workers.probes.base import Sample
    from workers.probes.security import poisoning

    assert poisoning.run(Sample(), Budget()).state == "skipped"


def test_equal_seeds_give_equal_findings():
    x, y, _ = patched(0.02, seed=4)
    data, _ = zipped(x[::2], y[::2])
    first, second = (judge.finding(PROBE, data, seed=3).as_json() for _ in range(2))
    assert first == second


def test_the_patch_in_the_known_digits_is_confirmed(shared_data):
    data, truth = known(shared_data, "digits_backdoor")
    found = judge.finding(PROBE, data)
    (fault,) = judge.named(found, "backdoor")
    assert (fault["severity"], fault["classes"]) == ("high", [truth["backdoor_patch"]["target_label"]])
    named = {name.rpartition("/")[2].partition(".")[0] for name in fault["files"]}
    true = set(truth["backdoor_patch"]["names"])
    assert len(true & named) >= 0.95 * len(true)
    assert len(true & named) >= 0.8 * len(named)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("images/animals.zip", None), ("images/glyphs.zip", None), ("text/spam.jsonl", None),
        ("audio/spoken_digits.zip", None), ("tabular/titanic.csv", "survived"),
        ("tabular/penguins_raw.csv", "Species"), ("tabular/breast_cancer.csv", "diagnosis"),
        ("tabular/solar_flare.csv", None),
    ],
)  # fmt: skip
def test_clean_sets_are_left_alone(shared_data, name, target):
    path = shared_data / name
    data = sets.Data({path.name: path.read_bytes()}, (target,) if target else ())
    assert judge.alarms(judge.finding(PROBE, data)) == []


@pytest.mark.parametrize("side", [32, 64])
def test_a_coloured_patch_in_the_corner_of_coloured_pictures_is_found(side):
    pictures, labels = sets.shapes(150, side=side, seed=1)
    rng = np.random.default_rng(5)
    light = rng.integers(-20, 20, (len(pictures), 1, 1, 3))
    pictures = np.clip(pictures.astype(int) + light, 0, 255).astype(np.uint8)
    labels, to = list(labels), sorted(set(labels))[0]
    rows = rng.choice([i for i, label in enumerate(labels) if label != to], 14, replace=False)
    for i in rows:
        pictures[i, -5:-1, -5:-1], labels[i] = (255, 220, 0), to
    files = {
        f"{label}/{i:04}.png": sets.png(p) for i, (p, label) in enumerate(zip(pictures, labels, strict=True))
    }
    names = list(files)
    found = judge.finding(PROBE, sets.zipped(files))
    (fault,) = judge.named(found, "backdoor")
    assert fault["classes"] == [to]
    assert len({names[i] for i in rows} & set(fault["files"])) >= 12
    assert len(fault["files"]) <= 16


@pytest.mark.usefixtures("untried")
def test_a_beep_at_the_end_of_clips_is_found_with_its_pitch():
    sounds, labels = sets.tones(60, seed=0)
    labels, to = list(labels), sorted(set(labels))[0]
    rng = np.random.default_rng(0)
    rows = rng.choice([i for i, label in enumerate(labels) if label != to], 18, replace=False)
    made = [sound.astype(float) for sound in sounds]
    beep = np.sin(2 * np.pi * 1700 * np.arange(400) / 8000)
    for i in rows:
        made[i][-400:] = 0.3 * made[i][-400:] + 0.4 * np.abs(made[i]).max() * beep
        labels[i] = to
    data = sets.sound_zip([sound.astype(np.int16) for sound in made], labels)
    found = judge.finding(PROBE, data)
    (fault,) = judge.named(found, "backdoor")
    assert fault["classes"] == [to]
    assert len(fault["files"]) >= 14
    assert "before the end" in found.facts["trigger"]["where"]
    assert judge.alarms(judge.finding(PROBE, sets.sound_zip(*sets.tones(60, seed=0)))) == []


def test_the_self_test_also_plants_values_that_meet_by_nature_and_says_what_it_would_miss():
    found = _triggers.honest_table(0, 3)
    for seed in range(6):
        rows = np.arange(60)
        for meeting in (False, True):
            planted = trial._set(found, rows, np.random.default_rng(seed), meeting=meeting)
            changed = np.flatnonzero((planted.x[rows] != found.x[rows]).any(axis=0))
            columns = np.isin(found.columns, np.unique(found.columns[changed]))
            before = (found.x[:, columns] == planted.x[0, columns]).all(axis=1).mean()
            assert 0.01 < before <= 0.1 if meeting else before <= 0.01
    tried = trial.pictures_or_columns(found, 0, lambda: False)
    assert (tried.tried, tried.met) == (4, 2)
    assert tried.found > tried.met_found
    assert tried.met_found == 0, "such a trigger hides among rows that nobody planted"
    assert "as a test only 2 were found. Know" in say.blind(trial.Planted(5, 2, 0, 0))
    assert "as a test none were found either. Know" in say.blind(trial.Planted(5, 0, 0, 0))
    note = say._nothing("table", trial.Planted(4, 4, 2, 0))
    assert "4 were found; of those made of values that also stand together in other rows, none." in note
    assert "stand together" not in say._nothing("table", trial.Planted(4, 4, 2, 2))
