"""Numbers with their unit are numbers; two units of one quantity are told; codes stay what they are."""

from __future__ import annotations

import random

import pytest

from tests.workers.inputs.conftest import faults
from workers.probes.base import Budget
from workers.probes.data import outliers, readability


def upload(write, rows=60, seed=0):
    rng = random.Random(seed)
    return "amount;label\n" + "".join(f"{write(rng)};{rng.choice('ab')}\n" for _ in range(rows))


def typed(sample):
    query = "SELECT r.amount, t.amount FROM rows r JOIN typed t USING (_id) ORDER BY _id"
    with sample.table() as con:
        return con.execute(query).fetchall()


def bare(text, *, european=False):
    """The number in a text, by leaving out all but its digits and the mark of its fraction."""
    digits = "".join(c for c in text.removesuffix("m2") if c.isdigit() or c in "-.,")
    digits = digits.replace(".", "").replace(",", ".") if european else digits.replace(",", "")
    return float(digits.rstrip("."))


NUMBERS = {  # way -> what writes it, and whether its fraction begins with a comma
    "$3.2": (lambda r: f"${r.uniform(1, 20):.1f}", False),
    "-$3.20": (lambda r: f"-${r.uniform(1, 20):.2f}", False),
    "$1,200": (lambda r: f"${r.randint(1000, 9000):,}", False),
    "120 m2": (lambda r: f"{r.randint(30, 200)} m2", False),
    "€ 1.200,50": (lambda r: f"€ {r.randint(1, 9)}.{r.randint(100, 999)},50", True),
    "1.200 €": (lambda r: f"{r.randint(1, 9)}.{r.randint(100, 999)} €", True),
    "15 kg": (lambda r: f"{r.uniform(1, 90):.1f} {r.choice(['kg', 'Kg', 'kg.'])}", False),
    "1,5 kg": (lambda r: f"{r.randint(1, 90)},{r.randint(0, 9)}kg", True),
    "45%": (lambda r: f"{r.randint(0, 100)}%", False),
    "3 years": (lambda r: r.choice(["1 year", f"{r.randint(2, 40)} years"]), False),
    "$90 / night": (lambda r: f"${r.randint(20, 90)} / night", False),
}


@pytest.mark.parametrize("way", NUMBERS)
def test_numbers_with_a_unit_are_numbers(ready, way):
    write, european = NUMBERS[way]
    sample = ready({"data.csv": upload(write)}, targets=["label"])
    assert sample.columns[0].type == "number"
    assert all(value == pytest.approx(bare(text, european=european)) for text, value in typed(sample))
    assert "without the unit beside them: amount" in " ".join(sample.manifest["notes"])
    assert "unit_mix" not in faults(sample)


def test_an_amount_to_predict_is_a_number(ready):
    sample = ready({"data.csv": upload(NUMBERS["$3.2"][0])}, targets=["amount"])
    assert sample.target.task == "regression"
    assert sample.labels().max() <= 20


OTHERS = {
    "house numbers": lambda r: f"{r.randint(1, 99)}{r.choice('abcd')}",
    "streets": lambda r: f"{r.randint(1, 99)} {r.choice(['Oak', 'Elm', 'Main'])} Street",
    "genes": lambda r: f"rs{r.randint(1000, 999999)}",
    "parts": lambda r: f"{r.randint(10000, 99999)}XK",
    "leading zeros": lambda r: f"CAD{r.randint(0, 999):05d}",
    "ages": lambda r: r.choice(["18-25 years", "26-35 years"]),
    "hours": lambda r: f"{r.randint(1, 12)} am",
    "places": lambda r: r.choice(["1st", "2nd", "3rd", "4th", "5th", "6th"]),
    "hashes": lambda r: f"{r.getrandbits(32):08x}",
    "packs": lambda r: r.choice(["500 g", "250 ml", "3 pcs"]),
}


@pytest.mark.parametrize("way", OTHERS)
def test_codes_and_words_are_no_numbers(ready, way):
    sample = ready({"data.csv": upload(OTHERS[way])}, targets=["label"])
    assert sample.columns[0].type != "number"
    assert "unit_mix" not in faults(sample)


@pytest.mark.parametrize(("share", "severity"), [(0.4, "high"), (0.03, "medium")])
def test_two_units_in_one_column_are_told_and_never_one_number(ready, share, severity):
    def write(rng):
        return f"{rng.randint(20, 130)} lb" if rng.random() < share else f"{rng.randint(10, 60)} kg"

    sample = ready({"data.csv": upload(write, 200)}, targets=["label"])
    found = outliers.run(sample, Budget(20))
    (fault,) = [one for one in found.facts["faults"] if one["fault"] == "unit_mix"]
    pounds = [row for row, (text, _) in enumerate(typed(sample)) if str(text).endswith("lb")]
    assert (fault["severity"], fault["columns"], fault["rows"]) == (severity, ["amount"], pounds)
    assert found.title == "amount is in two units"
    for text, value in typed(sample):
        number = float(text.split()[0]) if text.endswith("kg") else None
        assert value == (number if severity == "medium" else text)
    assert readability.run(sample, Budget(20)).value == 0
