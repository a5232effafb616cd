"""Which strong columns are suspect and which are honest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.planting import judge, sets
from workers.probes.base import Column
from workers.probes.data.shared import single_column
from workers.probes.data.shared.column_values import Values
from workers.probes.data.target_leak import computed

PROBE = "data.target_leak"


def found(frame, *targets, **more):
    return judge.finding(PROBE, sets.csv(frame, *targets, **more), seed=1)


def leaks(finding):
    return {name: f["severity"] for f in finding.facts["faults"] for name in f["columns"]}


def numbers(values):
    return Values(Column("x", "number"), numbers=np.asarray(values, float))


@pytest.mark.parametrize(
    ("make", "target"),
    [
        (sets.iris, "species"),
        (sets.wine, "cultivar"),
        (sets.cancer, "diagnosis"),
        (sets.diabetes, "progress"),
    ],
)
def test_honest_strong_columns_stay_quiet(make, target):
    finding = found(make(), target)
    assert finding.facts["faults"] == []
    assert finding.value == 0
    assert finding.low <= finding.value <= finding.high


def test_of_few_rows_an_honest_column_that_comes_out_strong_is_a_remark():
    """Its AUC is .955; of eighty rows one draw in eight gives .97, with no other column near."""
    told = []
    for seed in range(24):
        rng = np.random.default_rng([seed, 7])
        y = rng.integers(0, 2, 80)
        frame = pd.DataFrame(rng.normal(size=(80, 4)) + 0.3 * y[:, None], columns=list("abcd")).round(4)
        frame["strong"] = (rng.normal(size=80) + 2.4 * y).round(4)
        frame["kind"] = np.where(y, "yes", "no")
        told.append(leaks(found(frame, "kind")).get("strong"))
    assert told.count("high") <= 1
    assert told.count("low") >= 2


def test_two_copies_do_not_hide_each_other():
    rng = np.random.default_rng(2)
    frame = sets.wine()
    codes = pd.factorize(frame["cultivar"])[0]
    frame["exit_code"] = [f"X{code}" for code in codes]
    frame["exit_points"] = (codes + rng.normal(0, 0.05, len(codes))).round(3)
    assert leaks(found(frame, "cultivar")) == {"exit_code": "high", "exit_points": "high"}


def test_another_declared_target_is_no_leak():
    frame = sets.cancer()
    frame["stage"] = np.where(frame["diagnosis"] == "malignant", "late", "early")
    assert leaks(found(frame, "diagnosis", "stage")) == {}
    assert leaks(found(frame, "diagnosis")) == {"stage": "high"}


def test_the_drop_without_the_suspect_is_measured():
    frame = sets.shop()
    frame["closing_code"] = np.where(frame["returned"] == "yes", "K1", "K2")
    finding = found(frame, "returned")
    refit = finding.facts["refit"]
    assert refit["with"] > 0.99 > refit["without"]
    (fix,) = finding.facts["mitigations"]
    assert fix["basis"] == "measured"
    assert fix["value"] == 0
    assert finding.value == pytest.approx(1)


def test_an_answer_that_names_a_column_counts():
    rng = np.random.default_rng(4)
    frame = sets.shop()
    frame["visit"] = ((frame["returned"] == "yes") * 2.3 + rng.normal(0, 1, len(frame))).round(3)
    assert leaks(found(frame, "returned")) == {}
    answers = {"D6": {"value": "maybe", "note": "visit is written at the end"}}
    assert leaks(found(frame, "returned", answers=answers)) == {"visit": "medium"}


def test_a_lagged_column_and_a_trailing_mean_do_not_look_ahead():
    frame = sets.series()
    frame["load_lag"] = frame["load"].shift(1).bfill()
    frame["load_mean"] = frame["load"].rolling(7, min_periods=1).mean().round(3)
    assert leaks(found(frame, "power")) == {}


def test_a_sorted_file_is_no_look_ahead():
    frame = sets.cancer().sort_values("mean_radius").reset_index(drop=True)
    assert leaks(found(frame, "diagnosis")) == {}


def test_a_running_number_in_any_order_is_no_leak():
    frame = sets.wine().sample(frac=1, random_state=1).reset_index(drop=True)
    frame.insert(0, "id", np.arange(len(frame)) + 1)
    assert leaks(found(frame, "cultivar")) == {}


def test_names_of_rows_cannot_be_remembered():
    rng = np.random.default_rng(5)
    y = rng.integers(0, 2, 400)
    words = Values(Column("x", "category"), words=np.array([f"w{i}" for i in range(400)]))
    assert single_column.score(words, single_column.goal(y, 2, 0)).value == pytest.approx(0.5, abs=0.06)


def test_a_number_alone_is_scored_on_rows_it_has_not_seen():
    rng = np.random.default_rng(6)
    y = rng.integers(0, 2, 600)
    goal = single_column.goal(y, 2, 0)
    assert single_column.score(numbers(rng.normal(size=600)), goal).value == pytest.approx(0.5, abs=0.08)
    assert single_column.score(numbers(y + 0.1 * rng.normal(size=600)), goal).value > 0.99
    far = numbers(y * 1e-9 + 1e6)  # equal in 32 bits
    assert single_column.score(far, goal).value > 0.99


def test_few_rows_and_no_columns_are_told():
    few = found(sets.wine().groupby("cultivar").head(5), "cultivar")
    assert few.state == "skipped"
    assert "15 rows" in few.note


def test_a_calm_quantity_that_a_noisy_one_follows_holds_no_future():
    rng = np.random.default_rng(138)
    n = 5_000
    hours = np.arange(n)
    calm = 10 + 8 * np.sin(2 * np.pi * (hours - 2_000) / 8_760) + 5 * np.sin(2 * np.pi * hours / 24)
    calm += 0.3 * np.cumsum(rng.normal(0, 0.3, n))
    frame = pd.DataFrame(
        {
            "time": pd.date_range("2024-03-01", periods=n, freq="h").astype(str),
            "calm": calm.round(1),
            "noisy": (90 - 2 * calm + rng.normal(0, 8, n)).round(),
            "load": (500 - 6 * calm + rng.normal(0, 25, n)).round(1),
        }
    )
    finding = judge.finding("data.target_leak", sets.csv(frame, "load"))
    assert judge.named(finding, "look_ahead") == []


def _river(rows=1500):
    """A level that follows the water upstream an hour later, and the hour on a circle."""
    rng = np.random.default_rng(79)
    hours = np.arange(rows)
    above = np.full(rows, 20.0)
    for i in range(1, rows):
        above[i] = 0.93 * above[i - 1] + 1.4 + rng.normal(0, 0.6)
    turn = 2 * np.pi * hours / 24
    return pd.DataFrame(
        {
            "hour": pd.date_range("2023-01-01", periods=rows, freq="h").astype(str),
            "above": above.round(2),
            "sine": np.sin(turn).round(6),
            "cosine": np.cos(turn).round(6),
            "level": (1.15 * np.roll(above, 1) + rng.normal(0, 0.3, rows)).round(2),
        }
    )


def test_a_cause_that_acts_an_hour_later_and_a_clock_hold_no_future():
    assert judge.named(found(_river(), "level"), "look_ahead") == []


@pytest.mark.parametrize("source", ["power", "load", "temperature"])
def test_the_last_value_is_no_look_ahead_even_with_its_hole_filled(source):
    frame = sets.series()
    for values in (frame[source].shift(1), frame[source].shift(1).bfill(), frame[source].shift(3)):
        assert leaks(found(frame.assign(level_b=values), "power")) == {}


def test_of_two_columns_without_a_hole_the_one_that_moves_with_others_is_now():
    frame = sets.series().assign(level_b=sets.series()["load"].shift(-1)).dropna()
    assert leaks(found(frame, "power")) == {"level_b": "low"}
    frame = sets.series().assign(level_b=sets.series()["load"].shift(1)).dropna()
    assert leaks(found(frame, "power")) == {}


def _computed(column, y):
    return computed.from_target(column, y, np.random.default_rng(0).permutation(len(y)))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("known", [0.9, 0.97, 0.99])
def test_a_strong_measurement_its_flag_and_its_bins_are_not_computed(known, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=600)
    y = x + rng.normal(size=600) * np.sqrt(1 / known - 1)
    for made in (x, x > 0.5, np.digitize(x, [-1, 0, 1]), np.maximum(x, 0.3), np.where(x > 0, x, np.nan)):
        assert _computed(numbers(made), y) == ""


@pytest.mark.parametrize("seed", range(6))
def test_groups_that_lie_apart_and_rare_amounts_are_not_computed(seed):
    rng = np.random.default_rng(seed)
    for apart in (3, 6):
        kind = rng.integers(0, 3, 600)
        assert _computed(numbers(kind), apart * kind + rng.normal(size=600)) == ""
    rare = np.where(rng.random(600) < 0.85, 0, rng.gamma(2, 2, 600))
    assert _computed(numbers(rare), rare + 0.3 * rng.normal(size=600)) == ""


def test_what_is_filled_above_a_limit_only_is_computed():
    y = np.random.default_rng(1).normal(size=600)
    assert "filled" in _computed(numbers(np.where(y > 0.5, 1, np.nan)), y)


def test_a_year_beside_a_total_that_only_grows_is_not_computed():
    total = np.cumsum(np.random.default_rng(2).gamma(2, 1, 900))
    assert computed.from_target(numbers(np.arange(900) // 90), total, np.arange(900)) == ""


def test_the_number_to_predict_in_a_text_is_told_and_other_numbers_are_not():
    rng = np.random.default_rng(5)
    frame = sets.reviews().drop(columns="verdict")
    frame["price"] = rng.lognormal(7, 0.5, len(frame)).round()
    noted = frame.assign(
        review=[
            f"{text} Paid {price:.0f} for it" for text, price in zip(frame.review, frame.price, strict=True)
        ]
    )
    assert leaks(found(noted, "price"))["review"] == "high"
    other = frame.assign(review=[f"{text} Item {n}" for n, text in enumerate(frame.review)])
    assert "review" not in leaks(found(other, "price"))


def test_words_of_languages_topics_and_moods_are_honest():
    rng = np.random.default_rng(6)
    spoken = {
        "en": [
            "the",
            "of",
            "and",
            "to",
            "in",
            "is",
            "that",
            "it",
            "was",
            "for",
            "with",
            "as",
            "his",
            "on",
            "be",
            "at",
            "by",
            "had",
        ],
        "fr": [
            "le",
            "de",
            "la",
            "et",
            "les",
            "des",
            "en",
            "un",
            "du",
            "une",
            "que",
            "est",
            "pour",
            "qui",
            "dans",
            "par",
            "plus",
            "pas",
        ],
        "de": [
            "der",
            "die",
            "und",
            "in",
            "den",
            "von",
            "zu",
            "das",
            "mit",
            "sich",
            "des",
            "auf",
            "ist",
            "im",
            "dem",
            "nicht",
            "ein",
        ],
    }
    tongue = rng.choice(list(spoken), 600)
    texts = [" ".join(rng.choice(spoken[one], int(rng.integers(15, 40)))) for one in tongue]
    for frame, target in (
        (pd.DataFrame({"text": texts, "size": rng.normal(size=600).round(2), "tongue": tongue}), "tongue"),
        (sets.notes().assign(size=1.5), "topic"),
        (sets.reviews(), "verdict"),
    ):
        assert judge.alarms(found(frame, target)) == []


def test_a_text_alone_is_read_for_the_answer():
    frame = sets.reviews()[["review", "verdict"]]
    assert found(frame, "verdict").state == "skipped"
    frame["review"] += frame["verdict"].map(" Label: {}".format)
    assert leaks(found(frame, "verdict"))["review"] == "high"


FILLED = {
    "codes": lambda rng: f"R{rng.integers(10_000, 99_999)}",
    "remarks": lambda rng: " ".join(["the customer wrote that", *rng.permutation(list("abcdefg"))]),
    "amounts": lambda rng: f"{rng.uniform(1, 90):.2f}",
}


@pytest.mark.parametrize(
    ("what", "empty", "most"),
    [
        ("codes", "", 0.4),
        ("remarks", "", 0.4),
        ("amounts", "0", 0.4),
        ("amounts", "", 0.85),
        ("codes", "none", 0.4),
    ],
)
def test_a_column_filled_only_where_the_outcome_is_there_is_named_though_not_always_filled(what, empty, most):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(700, 4))
    noise = x[:, 0] + rng.normal(size=700)
    outcome = noise > np.quantile(noise, 1 - most)

    def frame(there):
        cells = [FILLED[what](rng) if one else empty for one in there]
        return pd.DataFrame(x, columns=list("abcd")).assign(
            refund=cells, returned=np.where(outcome, "yes", "no")
        )

    leaking = frame(outcome & (rng.random(700) < 0.88))
    assert leaks(found(leaking, "returned")) == {"refund": "high"}
    assert leaks(found(frame(rng.random(700) < 0.5), "returned")) == {}


def _told_apart(rows: int = 600):
    """Two classes that all columns together tell without fail."""
    rng = np.random.default_rng(6)
    y = rng.integers(0, 2, rows)
    x = rng.normal(size=(rows, 5)) + y[:, None] * np.array([2.6, 2.4, 2.2, 2.2, 2.0])
    return pd.DataFrame(x.round(3), columns=list("abcde")).assign(kind=np.where(y == 1, "yes", "no")), y, rng


def test_a_copied_answer_with_slips_is_told_beside_columns_that_know_as_much():
    frame, y, rng = _told_apart()
    says = np.where(rng.random(len(y)) < 0.95, y, rng.integers(0, 2, len(y)))
    frame["checked"] = (10 * says + rng.normal(size=len(y))).round(2)
    assert "checked" in leaks(found(frame, "kind"))
    assert leaks(found(frame.drop(columns="checked"), "kind")) == {}


def test_wrong_labels_are_no_slips_of_a_strong_column():
    frame, y, rng = _told_apart()
    for name, apart in zip("abcde", (5.0, 4.5, 4.5, 4.0, 4.0), strict=True):  # all know it, so none is alone
        frame[name] = (rng.normal(size=len(y)) + apart * y).round(3)
    wrong = rng.random(len(y)) < 0.04
    frame["kind"] = np.where(wrong, np.where(y == 1, "no", "yes"), frame["kind"])
    assert leaks(found(frame, "kind")) == {}


def test_a_rare_class_that_a_column_does_not_know_hides_no_leak():
    """It tells the two common ones apart, always; of 1,000 rows 30 are of a third class, spread over both."""
    draw = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [485, 485, 30])
    told = np.where(y == 2, draw.integers(0, 2, 1000), y)
    chances = np.stack([told == 0, told == 1, np.full(1000, False)], 1).astype(float)
    assert single_column.auc(chances, single_column.goal(y, 3, 0)) > 0.95
    plain = single_column.auc(chances[y < 2, :2], single_column.goal(y[y < 2], 2, 0))
    assert plain == 1.0
