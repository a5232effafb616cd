"""Rows in many nearly equal versions are told from rows that lie close: small classes, few values, twos."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.planting import judge, sets
from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.data import duplicates
from workers.probes.data.shared import clumps, found_copies, near_pictures


def versions(originals, times, noise=0.005, *, columns=8, seed=0):
    """float [originals * times, columns] of unit spread, and of which original each row is."""
    draw = np.random.default_rng(seed)
    own = np.repeat(np.arange(originals), times)
    x = draw.normal(size=(originals, columns))[own]
    return x + noise * draw.normal(size=x.shape), own


def copies(x, least=2):
    return clumps.copies(x, np.random.default_rng(0), least)


@pytest.mark.parametrize("times", [2, 5, 8, 20])
def test_versions_of_a_row_are_found_and_only_these(times):
    x, own = versions(800 // times, times)
    found = copies(x)
    assert len(np.unique(found)) >= 0.98 * len(x)
    assert (own[found[:, 0]] == own[found[:, 1]]).all()


@pytest.mark.parametrize(("classes", "columns", "spread"), [(100, 15, 0.07), (40, 10, 0.1), (60, 6, 0.15)])
def test_small_tight_classes_are_no_versions(classes, columns, spread):
    """Each of 20 rows: fewer than a clump may have, and far closer than two classes are."""
    for seed in range(3):
        assert not len(copies(versions(classes, 20, spread, columns=columns, seed=seed)[0]))


def test_a_few_versions_are_too_few_to_tell():
    x = np.random.default_rng(1).normal(size=(900, 8))
    x[:8] = x[:1] + 0.001 * x[:8]
    assert len(np.unique(clumps.pairs(x))) == 8
    assert not len(copies(x))


def test_values_that_shuffled_columns_bring_together_as_well_are_no_versions():
    draw = np.random.default_rng(0)
    x = draw.exponential(1, (1000, 10)) * (draw.random((1000, 10)) < 0.2)
    assert len(np.unique(clumps.pairs(x))) > clumps.FEW * len(x)
    assert not len(copies(x))


def test_twos_are_left_to_the_search_among_neighbours_until_they_are_much_of_the_data():
    some = np.concatenate([versions(30, 2)[0], np.random.default_rng(1).normal(size=(840, 8))])
    assert len(np.unique(copies(some))) == 60
    assert not len(copies(some, least=5))
    assert len(np.unique(copies(versions(450, 2)[0], least=5))) == 900


def split_by_chance(x, label, seed=0):
    frame = pd.DataFrame(x.round(5), columns=[f"x{j}" for j in range(x.shape[1])]).assign(kind=label)
    mixed = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    cut = int(0.75 * len(mixed))
    return sets.split_csv(mixed[:cut], mixed[cut:], "kind")


def test_versions_are_told_as_near_copies_within_and_across_the_parts():
    """Labels are those of a coin for each original: without its versions no row is known."""
    x, own = versions(160, 5)
    data = split_by_chance(x, np.random.default_rng(2).choice(["yes", "no"], 160)[own])
    within = judge.finding("data.duplicates", data)
    (fault,) = judge.named(within, "near_duplicates")
    assert fault["severity"] == "high"
    assert within.value == pytest.approx(0.8)  # all but one of five
    named = {tuple(pair[1].items()) for pair in fault["pairs"]}
    assert (len(fault["pairs"]), len(named)) == (1_000, 640)  # each is named, though not every pair of them
    across = judge.finding("data.split_overlap", data)
    (fault,) = judge.named(across, "near_duplicates_across_split")
    assert fault["severity"] == "high"
    assert across.value > 0.98
    impact = across.facts["impact"]
    assert impact["all"] > 0.98
    assert 0.35 < impact["without"] < 0.65  # a coin, once all of them are away


def test_versions_of_a_text_with_other_numbers_beside_it_are_no_near_copies(tmp_path):
    """A hundred features of one text weigh more than four numbers, which differ in every version."""
    draw = np.random.default_rng(0)
    words, numbers = versions(120, 6, 0.001, columns=100)[0], draw.normal(size=(720, 4)) * 0.05
    x = np.concatenate([words, numbers], axis=1).astype(np.float32)
    groups = [{"start": 0, "stop": 100}, *({"start": 100 + j, "stop": 101 + j} for j in range(4))]
    columns = {"words": [f"t{i}" for i in range(720)]} | {f"n{j}": [repr(v) for v in numbers[:, j].tolist()]
                                                          for j in range(4)}  # fmt: skip
    sample = prepared(tmp_path, columns, features=x)
    sample.manifest["features"] = {"groups": groups}
    assert len(np.unique(copies(x))) > 700
    assert not duplicates.run(sample, Budget()).facts["near"]


def test_pairs_that_name_another_row_are_shown_first():
    pairs = np.array([[0, 1], [0, 2], [1, 2], [0, 3], [1, 3], [4, 5]])
    assert found_copies.shown(pairs, 4).tolist() == [[0, 1], [0, 2], [0, 3], [4, 5]]
    assert len(found_copies.shown(pairs, 9)) == 6


def drawn(originals, times, side, noise, seed=0):
    """uint8 [originals * times, side, side, 1] of four by four fields, and of which original each is."""
    draw = np.random.default_rng(seed)
    own = np.repeat(np.arange(originals), times)
    fields = draw.integers(20, 236, (originals, 4, 4)).repeat(side // 4, axis=1).repeat(side // 4, axis=2)
    pictures = fields[own] + noise * draw.normal(size=(len(own), side, side))
    return np.clip(pictures, 0, 255).astype(np.uint8)[..., None], own


@pytest.mark.parametrize(("times", "noise"), [(5, 1), (5, 3), (8, 3)])
def test_pictures_in_many_noisy_versions_are_copies(times, noise):
    pictures, own = drawn(40, times, 16, noise)
    found = near_pictures.pictures(pictures)
    assert len(np.unique(found.at)) >= 0.98 * len(pictures)
    assert (own[found.at[:, 0]] == own[found.at[:, 1]]).all()
    assert set(found.how) == {"alike"}


def test_pictures_that_differ_only_in_detail_are_no_versions():
    """Sixteen points a side do not show it, and the pictures themselves do."""
    pictures, _ = drawn(40, 5, 64, 2)
    detail = np.random.default_rng(1).choice([-60, 60], (200, 64, 32))
    detail = np.repeat(detail, 2, axis=2) * np.tile([1, -1], 32)  # of no mean over two points
    whole = (pictures[..., 0] * 0.4 + 80 + detail)[:, None].astype(np.float32)
    base, _ = near_pictures._small(whole)
    assert len(np.unique(clumps.copies(base, np.random.default_rng(0)))) == 200
    assert not len(near_pictures._versions(whole, base, 0))
