"""Marks on so few rows that no count can tell them: what is found of them, and what is left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.validity.bases import BASES, upload
from benchmarks.validity.faults import attacks
from tests.planting import judge
from workers.inputs import images
from workers.probes.security import poisoning
from workers.probes.security.poisoning import blends, confirm, marks, pairs, repeats, scarce
from workers.probes.security.poisoning import words as say
from workers.probes.security.poisoning.ground import CUT, Ground, smaller
from workers.probes.security.poisoning.trial import Planted

NOBODY = np.empty(0, int)


def made_of(name, seed, plant=None, dose=0.0):
    """The ground of a base with a fault in it, and the rows that carry it."""
    base = next(one for one in BASES if one.name == name)
    clean = base.make(seed)
    frame = clean if plant is None else plant(base, clean, dose, np.random.default_rng([seed, 5]))
    rows = np.flatnonzero((frame[base.target] != clean[base.target]).to_numpy())
    y = frame[base.target].astype("category").cat.codes.to_numpy().astype(np.int64)
    classes = tuple(sorted(map(str, frame[base.target].unique())))
    x = frame.drop(columns=base.target).to_numpy(np.float64)
    if base.kind in ("pictures", "patches"):
        return pictures_of(x.astype(np.uint8), y, classes), rows
    x = ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)
    return Ground("table", x, y, np.arange(len(y)), classes, None, ()), rows


def pictures_of(flat, y, classes):
    side = round(flat.shape[1] ** 0.5)
    stack = flat.reshape(-1, side, side, 1)
    x, shape = smaller(stack)
    features = np.clip(images.features(stack, np.ones(len(y), bool))[0], -CUT, CUT)
    return Ground("images", x, y, np.arange(len(y)), classes, shape, (), features, pictures=stack)


# -- pictures -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dose", [0.005, 0.01])
def test_a_patch_on_two_and_on_four_of_450_pictures_is_suspected(dose):
    found, planted = made_of("shapes", 10, attacks.patch, dose)

    one = marks.few(found, 0)[0]

    assert one.rows.tolist() == planted.tolist()
    assert len(planted) == (2 if dose == 0.005 else 4)
    assert one.p < 1e-3
    assert not one.hint
    assert set(np.flatnonzero(np.isin(np.arange(400), one.mark.columns))) == {378, 379, 398, 399}


@pytest.mark.parametrize("name", ["shapes", "silhouettes"])
@pytest.mark.parametrize("dose", [0.01, 0.05])
def test_something_faint_over_a_few_pictures_of_a_class_is_found_picture_by_picture(name, dose):
    found, planted = made_of(name, 11, attacks.blend, dose)

    one = marks.few(found, 0)[0]

    assert one.rows.tolist() == planted.tolist()
    assert one.mark.faint
    assert one.p < 1e-3
    wanted = attacks.pattern(np.zeros((1, *found.pictures.shape[1:3])))[0].reshape(-1)
    assert np.corrcoef(one.mark.added, wanted)[0, 1] > 0.6


def test_a_shape_that_some_of_a_class_have_at_one_place_is_not_taken_off_as_if_it_lay_over_them():
    """Six crosses in the same corner, whose mean is a cross: without that they read like nothing."""
    found, planted = made_of("shapes", 11, attacks.blend, 0.005)

    told = list(blends.search(found, 0))

    assert [one.rows.tolist() for one in told] == [planted.tolist()]


def two_versions(sharp):
    """Two copies of a disc that are labelled cross, one a little brighter, both with a spot of their own."""
    found, _ = made_of("shapes", 12)
    flat, y = found.pictures.reshape(len(found.y), -1).copy(), found.y.copy()
    disc = int(np.flatnonzero(y == found.classes.index("disc"))[0])
    rows = np.flatnonzero(y == found.classes.index("cross"))[:2]
    for turn, row in enumerate(rows):
        flat[row] = np.minimum(flat[disc], 250) + turn
        if sharp:
            flat[row, [41, 42, 61, 62]] = 255
    return pictures_of(flat, y, found.classes), rows


@pytest.mark.parametrize(("search", "sharp"), [(repeats.search, True), (blends.search, False)])
def test_two_versions_of_one_picture_with_a_wrong_label_are_no_mark(search, sharp, monkeypatch):
    found, rows = two_versions(sharp)

    assert not [one for one in search(found, 0) if np.isin(rows, one.rows).any()]

    monkeypatch.setattr(scarce, "versions", lambda *_: False)
    told = [one for one in search(found, 0) if np.isin(rows, one.rows).any()]
    assert sharp == bool(told)


@pytest.mark.parametrize("name", ["shapes", "silhouettes", "digits"])
@pytest.mark.parametrize("seed", [20, 21])
def test_clean_pictures_share_nothing_that_ranks_behind_their_class(name, seed):
    found, _ = made_of(name, seed)

    assert all(one.p > 0.01 for one in marks.few(found, seed))


@pytest.mark.filterwarnings("error")
def test_pictures_of_one_colour_each_share_nothing():
    flat = np.repeat(np.arange(120, dtype=np.uint8)[:, None], 400, axis=1)

    assert not list(blends.search(pictures_of(flat, np.arange(120) % 2, ("a", "b")), 0))


def test_pictures_too_many_to_be_put_in_order_or_compared_are_left_to_the_other_searches(monkeypatch):
    found, _ = made_of("shapes", 10, attacks.blend, 0.01)
    marked, _ = made_of("shapes", 10, attacks.patch, 0.01)
    assert list(blends.search(found, 0))
    assert list(repeats.search(marked, 0))

    monkeypatch.setattr(blends, "MOST_WORK", 1e6)
    monkeypatch.setattr(repeats, "MOST_PIXELS", 100_000)

    assert not list(blends.search(found, 0))
    assert not list(repeats.search(marked, 0))


# -- tables ---------------------------------------------------------------------------------------------
def test_values_of_the_only_columns_that_tell_a_class_are_a_hint_where_they_come_back():
    """Without those columns the rows read like any class, so nothing can contradict them."""
    found, planted = made_of("moons", 10, attacks.values, 0.01)

    assert not list(marks.search(found, 0))
    one = marks.few(found, 0)[0]

    assert one.rows.tolist() == planted.tolist()
    assert one.hint
    assert one.mark.columns.tolist() == [0, 1]


@pytest.mark.parametrize(("name", "rows"), [("iris", 4), ("wine", 4)])
def test_two_usual_values_in_four_rows_are_found_by_their_rank(name, rows):
    found, planted = made_of(name, 10, attacks.values, rows / 150)
    planted = planted[:rows]

    told = [one for one in marks.few(found, 0) if np.isin(planted, one.rows).all()]

    assert told
    assert told[0].p < 1e-3


def groups_of(many, copies=False, floor=False):
    """A table of values that never come back, in which so many groups of five rows of a class share two."""
    rng = np.random.default_rng([many, 7])
    x = rng.normal(size=(600, 6)).astype(np.float32)
    y = rng.integers(0, 2, 600)
    for group in range(many):
        rows = np.arange(8 * group, 8 * group + 8)
        x[rows, :2] = x[:, :2].min(axis=0) if floor else x[rows[0], :2]
        y[rows] = group % 2
        if copies:
            x[rows] = x[rows[0]]
    return Ground("table", x, y, np.arange(600), ("no", "yes"), None, ())


def test_two_values_that_come_back_in_a_few_groups_of_rows_are_a_hint():
    told = marks.few(groups_of(1), 0)

    assert [one.rows.tolist() for one in told] == [list(range(8))]
    assert told[0].hint


@pytest.mark.parametrize(
    "found",
    [groups_of(pairs.GROUPS + 1), groups_of(1, copies=True), groups_of(1, floor=True)],
    ids=["as many machines with a place each", "copies of a row", "the least that is measured"],
)
def test_values_that_come_back_by_nature_are_no_hint(found):
    assert not [one for one in pairs.search(found, 0) if one.p <= poisoning.BARELY]


def test_more_pairs_than_a_rank_can_tell_are_not_asked():
    found, _ = made_of("iris", 10)
    sets = {(i, i + 1): (0, 1) for i in range(400)}

    assert pairs._askable(found, dict(list(sets.items())[:3]))
    assert not pairs._askable(found, sets)


@pytest.mark.parametrize("name", ["iris", "wine", "breast cancer", "blobs, 400 rows", "machines"])
def test_clean_tables_hold_no_such_values(name):
    if name == "machines":
        found = groups_of(20)
    else:
        found, _ = made_of(name, 20)

    assert all(one.p > 0.01 for one in marks.few(found, 20))


# -- the rank, and what it is worth -----------------------------------------------------------------------
def test_rows_that_read_like_their_class_are_not_told_however_they_rank():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 100)
    x = (rng.normal(0, 0.05, (200, 2)) + 3 * y[:, None]).astype(np.float32)
    x[:2] += 0.7  # the least like their class, and still of it
    carriers = np.isin(np.arange(200), [0, 1])

    assert scarce.ranked(x, y, 0, carriers, 1, False, 0) is None
    x[0], x[1] = (3.1, 2.9), (2.8, 3.2)
    told = scarce.ranked(x, y, 0, carriers, 1, False, 0)
    assert told is not None
    assert told.p == pytest.approx(scarce.least(2, 100))
    assert not told.hint


def test_what_a_small_p_makes_of_the_start_is_bounded():
    assert scarce.chance(0.5, 0.03) == 0.03
    assert scarce.chance(0.05, 0.03) == pytest.approx(0.07, abs=0.005)
    assert scarce.chance(0.01, 0.03) == pytest.approx(0.20, abs=0.005)
    chances = [scarce.chance(p, 0.03) for p in (0.3, 0.1, 0.01, 1e-3, 1e-6)]
    assert chances == sorted(chances)


def case(rows=9, contradicted=9, before=None, null=0.0, hint=False, p=1e-6):
    turned = None if before is None else confirm.Turned(before, 0.0, 1.0, 0.0, null, 100, 0.9)
    return poisoning.Case(0, np.arange(rows), rows, p, turned, contradicted=contradicted, hint=hint)


def test_the_chance_rises_with_the_rows_that_contradict_and_the_answers_that_turn():
    planted = Planted(5, 4)
    order = [
        None, case(2, 2, hint=True, p=0.04), case(4, 4, hint=True, p=1e-5), case(2, 2, 0.3),
        case(9, 9, 0.4), case(9, 6, 0.8), case(9, 9, 0.8), case(40, 40, 0.8), case(40, 40, 1.0),
    ]  # fmt: skip
    chances = [poisoning._chance(one, planted) for one in order]

    values = [value for value, _, _ in chances]
    assert values == sorted(set(values))
    assert all(low <= value <= high for value, low, high in chances)
    assert values[2] == poisoning.HINTED
    assert values[3] >= poisoning.SUSPECTED[0]
    assert values[5] >= poisoning.CONFIRMED[0]
    assert poisoning._chance(case(9, 9, 1.0, null=0.4), planted)[0] < values[7]


def moons_with_values_that_meet():
    base = next(one for one in BASES if one.name == "moons")
    return upload(base, attacks.values(base, base.make(10), 0.01, np.random.default_rng([10, 5])))


@pytest.mark.parametrize(("p", "decision"), [(0.04, "hinted"), (0.06, "inconclusive")])
def test_what_comes_up_by_chance_in_more_than_one_set_of_twenty_is_no_hint(p, decision, monkeypatch):
    few = marks.few
    monkeypatch.setattr(marks, "few", lambda *asked: [replace(one, p=p) for one in few(*asked)])

    found = judge.finding("security.poisoning", moons_with_values_that_meet(), 0)

    assert found.facts["decision"] == decision


def test_a_hint_is_told_as_no_more_than_that():
    found = judge.finding("security.poisoning", moons_with_values_that_meet(), 0)

    assert found.facts["decision"] == "hinted"
    assert found.facts["planted"]["tried"] > 0  # what would have been found is asked all the same
    assert 0.03 < found.value <= poisoning.HINTED
    assert [(one["fault"], one["severity"]) for one in found.facts["faults"]] == [("backdoor", "low")]
    assert len(found.facts["faults"][0]["rows"]) == 9
    assert "a hint" in found.title
    assert "hardly ever come back" in found.note
    assert "Let two people look at them" in found.note


def test_a_hint_of_a_rank_says_that_the_rows_are_few():
    one = case(3, 3, hint=True)
    one.trigger, one.instead = {"kind": "patch"}, {0: 1}

    assert say._hint("images", one, "3 pictures labelled cat share a mark").startswith(
        "3 pictures labelled cat share a mark and otherwise look like other classes. They are too few"
    )


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_class_with_fewer_rows_than_a_trigger_cannot_be_told_by_them():
    assert scarce.least(3, 2) == 1.0
    assert scarce.least(2, 3) == pytest.approx(1 / 3)
