"""Copies of a row never stand on both sides of a split made here, and count once where rows are judged on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from workers import inputs
from workers.probes import copies
from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters import overfitting
from workers.probes.hyperparameters.overfitting import independent
from workers.probes.hyperparameters.search import parts
from workers.probes.surrogate import rows

torch.set_num_threads(1)

PLAN = {
    "model": {"kind": "mlp", "hidden": [64]},
    "training": {"optimizer": "adam", "learning_rate": 0.003, "batch_size": 32, "steps": 300},
}


def table(folder, times: int, noise: float = 0.0, *, many: int = 160, plan=None, extra=()) -> Sample:
    """A CSV of ``many`` noisy rows, each ``times`` over, prepared as an upload is."""
    draw = np.random.default_rng(3)
    x = draw.normal(size=(many, 8))
    y = (x[:, 0] + draw.normal(size=many) > 0).astype(int)
    at = draw.permutation(np.repeat(np.arange(many), times))
    x = x[at] + noise * draw.normal(size=(len(at), 8))
    folder.mkdir(parents=True, exist_ok=True)
    lines = [",".join([*(f"{v:.5f}" for v in row), "yn"[y[k]], *(f(i) for _, f in extra)])
             for i, (row, k) in enumerate(zip(x, at, strict=True))]  # fmt: skip
    head = ",".join([*(f"x{j}" for j in range(8)), "label", *(name for name, _ in extra)])
    (folder / "data.csv").write_text("\n".join([head, *lines]))
    inputs.prepare([folder / "data.csv"], ["data.csv"], folder, plan=plan or {}, targets=("label",))
    return Sample(folder, plan or PLAN)


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_copies_are_learnt_from_or_judged_on_and_never_both(tmp_path, noise):
    found = rows(table(tmp_path, 6, noise), 0)
    learnt, judged = found.together[found.train], found.together[found.test]
    assert len(np.unique(found.together)) == 160
    assert not set(learnt) & set(judged)
    assert len(judged) == len(set(judged)) >= 40  # a row says one thing, however often it is there
    assert abs(found.y[found.train].mean() - found.y[found.test].mean()) < 0.15


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_parts_of_a_search_keep_copies_together(tmp_path, noise):
    sample = table(tmp_path, 6, noise)
    found = rows(sample, 0)
    for part in parts.cut(sample, found, 0):
        sides = [set(found.together[places]) for places in (part.train, part.choose, part.test)]
        assert not sides[0] & sides[1]
        assert not sides[0] & sides[2]
        assert not sides[1] & sides[2]


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_copies_hide_no_overfitting(tmp_path, noise):
    once = overfitting.run(table(tmp_path / "once", 1), Budget())
    often = overfitting.run(table(tmp_path / "often", 6, noise), Budget())
    assert once.low > 3
    assert often.value > 0.7 * once.value
    assert often.facts["observations"]["independent"] <= 160
    assert often.high - often.low > 0.7 * (once.high - once.low)  # no surer than the rows there are
    assert "put on one side of the split" in often.note  # the figure rests on it
    assert "copies and rows close to another say less" in often.note
    assert "side of the split" not in once.note


def test_few_values_make_no_copies_and_clean_rows_stay_where_they_are(tmp_path):
    draw = np.random.default_rng(1)
    y = draw.integers(0, 2, 400)
    x = np.stack([(draw.random(400) < 0.3 + 0.4 * y) * 1.0 for _ in range(4)], axis=1)
    lines = [",".join([*(f"{int(v)}" for v in row), "yn"[k]]) for row, k in zip(x, y, strict=True)]
    (tmp_path / "data.csv").write_text("\n".join(["a,b,c,d,label", *lines]))
    inputs.prepare([tmp_path / "data.csv"], ["data.csv"], tmp_path, targets=("label",))
    few = rows(Sample(tmp_path), 0)
    assert len(np.unique(few.together)) == 400
    clean = table(tmp_path / "clean", 1, many=300)
    found = rows(clean, 0)
    assert len(np.unique(found.together)) == 300
    assert set(found.ids[found.test]) == set(clean.arrays["ids"][clean.split > 0])


def test_a_split_that_the_upload_brings_is_judged_as_it_is(tmp_path):
    sample = table(tmp_path, 4, extra=[("split", lambda i: "test" if i % 3 == 0 else "train")])
    found = rows(sample, 0)
    assert set(found.ids[found.train]) == set(sample.arrays["ids"][sample.split == 0])
    assert set(found.together[found.train]) & set(found.together[found.test])


def test_groups_that_are_kept_whole_stay_whole_beside_copies(tmp_path):
    who = [("patient_id", lambda i: f"p{i // 8}")]
    sample = table(tmp_path, 1, many=240, extra=who)
    found = rows(sample, 0)
    named = np.array(sample.cells("patient_id", found.ids))
    assert not set(named[found.train]) & set(named[found.test])


def test_near_copies_are_no_observations(tmp_path):
    seen = independent.observations(table(tmp_path, 6, 0.01), Budget())
    assert seen.rows > 600
    assert 140 <= seen.independent <= 165


def texts(folder, cells: list[str]) -> Sample:
    """A CSV of texts with the labels of a coin, prepared as an upload is."""
    lines = [f"{cell},{'yn'[k % 2]}" for k, cell in enumerate(cells)]
    (folder / "data.csv").write_text("\n".join(["text,label", *lines]))
    inputs.prepare([folder / "data.csv"], ["data.csv"], folder, targets=("label",))
    return Sample(folder)


def worded(draw: np.random.Generator) -> list[str]:
    return draw.choice([f"word{k}" for k in range(400)], 30).tolist()


def test_texts_with_a_word_changed_are_learnt_from_or_judged_on_and_never_both(tmp_path):
    draw = np.random.default_rng(3)
    originals = [worded(draw) for _ in range(100)]
    changed = [originals[k % 100].copy() for k in range(300)]
    for words in changed:
        words[draw.integers(30)] = "other"
    sample = texts(tmp_path, [" ".join(words) for words in originals + changed])
    found = rows(sample, 0)
    assert len(np.unique(found.together)) == 100
    assert not set(found.together[found.train]) & set(found.together[found.test])
    assert len(found.test) == len(set(found.together[found.test])) >= 20


def test_a_form_filled_in_makes_no_copies(tmp_path):
    """Wording that half of the texts share would put all of these into one part."""
    draw = np.random.default_rng(4)
    form = worded(draw)
    filled = [" ".join([*form, f"case{k}"]) for k in range(100)]
    sample = texts(tmp_path, filled + [" ".join(worded(draw)) for _ in range(100)])
    found = rows(sample, 0)
    assert len(np.unique(found.together)) == 200
    assert set(found.ids[found.test]) == set(sample.arrays["ids"][sample.split > 0])


def test_dealing_keeps_the_size_of_every_part():
    draw = np.random.default_rng(0)
    part = draw.choice([0, 1, 2], 600, p=[0.7, 0.1, 0.2]).astype(np.uint8)
    held, label = np.repeat(np.arange(100), 6), np.repeat(draw.integers(0, 2, 100), 6)
    made = copies.dealt(part, held, label, 0)
    assert all(len(np.unique(made[held == one])) == 1 for one in range(100))
    assert np.abs(np.bincount(made) - np.bincount(part)).max() <= 12
    assert (copies.dealt(made, held, label, 0) == made).all()
