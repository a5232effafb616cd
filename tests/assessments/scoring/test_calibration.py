"""Past calls against what happened: known truths come out, and nothing is said of too few."""

from __future__ import annotations

import random

import pytest

from assessments.scoring import calibration, rules
from assessments.scoring.calibration import Case, calibrate, updated, wilson
from assessments.scoring.rules import Anchors

RULES = rules.load()
ENTRY = RULES.data["outcomes"]
READS = Anchors.read(ENTRY["reads"])
FINE = {"dropped": False, "late": False, "over_cost": False, "missed": False, "harm": False}


def case(score, **happened):
    scores = {"overall": score, **dict.fromkeys(RULES.dimensions, score)}
    return Case({**FINE, **happened}, scores)


def world(count, seed=0, bent=lambda chance: chance):
    """Projects in which trouble comes with the chance that the score is read as, or with another one."""
    rng = random.Random(seed)
    return [
        case(score := rng.randint(0, 100), late=rng.random() < bent(READS(score) / 100)) for _ in range(count)
    ]


def test_the_rules_name_events_of_dimensions_and_items_that_exist():
    items = {(item.dimension, item.id) for item in RULES.items}
    for event, one in ENTRY["events"].items():
        assert event in FINE
        assert one.get("dimension") in {None, *RULES.dimensions}
        if "item" in one:
            assert (one["dimension"], one["item"]) in items
            assert 0 < one["prior"] < 1
            assert one["source"]
    assert set(ENTRY["events"]) == set(FINE)
    assert [READS(score) for score in (0, 50, 100)] == [0, 25, 100]


def test_calls_that_come_true_fit_in_every_level_and_beat_one_share_for_all():
    found = calibrate(RULES, world(4000))["overall"]
    assert found["brier"]["skill"] > 0.2
    assert found["brier"]["expected"] == pytest.approx(found["brier"]["happened"], abs=0.03)
    assert [one["level"] for one in found["levels"]] == list(RULES.data["levels"])
    assert sum(one["fits"] for one in found["levels"]) >= 4
    assert sum(one["count"] for one in found["levels"]) == found["count"] == 4000


def test_calls_that_say_too_little_are_found_out():
    found = calibrate(RULES, world(600, bent=lambda chance: min(1.0, chance + 0.3)))["overall"]
    off = [one for one in found["levels"] if not one["fits"]]
    assert len(off) >= 3
    assert all(one["happened"] > one["said"] for one in off)


def test_the_brier_score_is_the_mean_squared_distance():
    cases = [case(60)] * 12 + [case(60, late=True)] * 8 + [case(80, missed=True)] * 5
    brier = calibrate(RULES, cases)["overall"]["brier"]
    expected = (12 * 0.35**2 + 8 * 0.65**2 + 5 * 0.4**2) / 25
    assert brier["score"] == pytest.approx(expected, abs=1e-4)
    assert brier["same_for_all"] == pytest.approx(13 / 25 * 12 / 25, abs=1e-4)
    assert brier["skill"] == pytest.approx(1 - expected / (13 * 12 / 625), abs=1e-3)
    assert brier["low"] < brier["score"] < brier["high"]


def test_where_all_projects_ended_alike_there_is_no_skill_to_tell():
    assert calibrate(RULES, [case(10)] * 20)["overall"]["brier"]["skill"] is None


@pytest.mark.parametrize("count", [0, 1, 19])
def test_below_twenty_nothing_is_said_but_how_many_are_missing(count):
    found = calibrate(RULES, world(count))
    for one in (found["overall"], *(d for d in found["dimensions"] if d["events"])):
        assert (one["count"], one["missing"]) == (count, 20 - count)
        assert one["brier"] is None
        assert one["levels"] == []
    assert calibrate(RULES, world(20))["overall"]["brier"] is not None


def test_what_is_not_known_is_left_out_also_beside_trouble():
    every = list(ENTRY["events"])
    assert case(50).trouble(every) is False
    assert case(50, late=True).trouble(every) is True
    assert case(50, late=True, harm=None).trouble(every) is None
    assert case(50, harm=None).trouble(every) is None
    assert case(50, harm=None).trouble(["late", "over_cost"]) is False
    unknown = {**dict.fromkeys(FINE), "dropped": True}
    assert Case(unknown).trouble(every) is True
    assert Case(unknown).trouble(["late", "over_cost"]) is None
    found = calibrate(RULES, [*world(30), *[case(50, harm=None)] * 9, *[case(None)] * 4])
    assert found["overall"]["count"] == 30
    assert found["closed"] == 43


def test_a_dimension_is_held_against_the_events_that_speak_to_it_alone():
    cases = [case(40, late=place % 2 == 0, missed=place % 5 == 0) for place in range(40)]
    found = {one["id"]: one for one in calibrate(RULES, cases)["dimensions"]}
    assert found["hardware"]["brier"]["happened"] == 0.5
    assert found["data"]["brier"]["happened"] == 0.2
    assert found["security"]["brier"]["happened"] == 0
    for name in ("flexibility", "hyperparameters"):
        assert (found[name]["events"], found[name]["brier"], found[name]["missing"]) == ([], None, None)


def test_the_order_of_projects_never_matters():
    cases = world(60)
    assert calibrate(RULES, cases) == calibrate(RULES, cases[::-1])


def test_a_prior_is_updated_by_counts():
    found = updated(0.3, 4, 5, 10)
    assert found["share"] == pytest.approx((1.2 + 5) / 14, abs=1e-4)
    assert found["low"] < found["share"] < found["high"]
    assert updated(0.3, 4, 0, 0)["share"] == 0.3
    assert updated(0.3, 4, 300, 1000)["high"] - updated(0.3, 4, 300, 1000)["low"] < 0.06
    shares = [updated(0.3, 4, seen, 20)["share"] for seen in range(21)]
    assert shares == sorted(shares)


def test_the_range_of_an_updated_share_holds_nine_of_ten_truths():
    """Truths drawn from the prior itself, so the 90 % range must hold 90 % of them."""
    rng = random.Random(1)
    held = 0
    for _ in range(1500):
        truth = rng.betavariate(1.2, 2.8)
        found = updated(0.3, 4, sum(rng.random() < truth for _ in range(12)), 12)
        held += found["low"] <= truth <= found["high"]
    assert 0.87 <= held / 1500 <= 0.93


def test_rates_count_only_what_is_known_and_events_without_a_prior_have_none():
    cases = [case(50, late=True), case(50, late=None), case(50, harm=True)]
    rates = {one["event"]: one for one in calibrate(RULES, cases)["rates"]}
    assert (rates["late"]["happened"], rates["late"]["known"]) == (1, 2)
    assert rates["late"]["updated"]["share"] == pytest.approx((0.3 * 4 + 1) / 6, abs=1e-4)
    assert rates["harm"]["updated"] is rates["dropped"]["prior"] is None


def test_the_range_of_a_share():
    assert wilson(0, 10)[0] == 0
    assert wilson(0, 10)[1] == pytest.approx(calibration.Z**2 / (10 + calibration.Z**2))
    assert wilson(10, 10)[1] == 1
    assert wilson(0, 0) == (0, 1)
