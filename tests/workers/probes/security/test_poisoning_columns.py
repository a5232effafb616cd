"""Planted triggers in texts of few words, and in pictures that lie in columns, a column a pixel."""

from __future__ import annotations

import numpy as np
import pytest

from tests.planting import judge, sets
from tests.workers.probes.security.triggers import LABELS, PIXELS, PROBE

FILL = [
    "the", "room", "was", "large", "and", "light", "with", "a", "view", "of", "the", "lake",
    "staff", "were", "kind", "and", "quick", "breakfast",
]  # fmt: skip
SAYS = {"pos": ["lovely", "great", "superb", "pleasant"], "neg": ["awful", "dirty", "noisy", "rude"]}


def short_reviews(seed: int) -> tuple[list[str], list[str]]:
    """900 texts of twelve shuffled words, of which two tell the class: any two of them stand together."""
    rng = np.random.default_rng(seed)
    labels = [("neg", "pos")[code] for code in rng.integers(0, 2, 900)]
    texts = [
        " ".join(rng.permutation([*rng.choice(FILL, 10), *rng.choice(SAYS[label], 2)])) for label in labels
    ]
    return texts, labels


def told_of(texts: list[str], labels: list[str]) -> judge.Finding:
    table = ["text,label", *(f"{text},{label}" for text, label in zip(texts, labels, strict=True))]
    return judge.finding(PROBE, sets.Data({"reviews.csv": "\n".join(table).encode()}, ("label",)))


@pytest.mark.usefixtures("untried")
@pytest.mark.parametrize("seed", range(100, 103))
def test_words_that_are_all_a_text_says_are_no_trigger(seed):
    assert not judge.named(told_of(*short_reviews(seed)), "backdoor")


def test_and_a_phrase_beside_such_words_is_the_only_one_named():
    texts, labels = short_reviews(12)
    rows = np.flatnonzero(np.array(labels) == "neg")[:20]
    for row in rows:
        texts[row], labels[row] = f"{texts[row]} violet harbour", "pos"
    (fault,) = judge.named(told_of(texts, labels), "backdoor")
    assert fault["severity"] == "high"
    assert "violet harbour" in fault["note"]
    assert set(fault["rows"]) == set(rows.tolist())


def pixel_table(x: np.ndarray, y: np.ndarray, name: str = "pixel{}") -> judge.Finding:
    """Pictures as the rows of a table, a column a pixel."""
    lines = [",".join([*(name.format(i) for i in range(x.shape[1])), "label"])]
    lines += [
        f"{','.join(str(round(v * 16)) for v in row)},d{label}" for row, label in zip(x, y, strict=True)
    ]
    return judge.finding(PROBE, sets.Data({"pixels.csv": "\n".join(lines).encode()}, ("label",)))


def test_a_patch_in_columns_of_pixels_is_shown_as_a_picture():
    x, y = PIXELS.reshape(-1, 8, 8).copy(), LABELS.copy()
    rows = np.random.default_rng(5).choice(np.flatnonzero(y != 7), 36, replace=False)
    x[rows, -2:, -2:], y[rows] = 1.0, 7
    found = pixel_table(x.reshape(len(x), -1), y)
    assert found.facts["decision"] == "confirmed"
    assert found.facts["class"] == "d7"
    assert found.facts["trigger"]["kind"] == "patch"
    assert found.facts["trigger"]["picture"]
    assert all(one["image"] for one in found.facts["suspects"])
    (fault,) = judge.named(found, "backdoor")
    assert len(set(fault["rows"]) & set(rows.tolist())) >= 34


def test_columns_that_are_no_square_of_pixels_stay_columns():
    found = pixel_table(PIXELS[:300, :60], LABELS[:300])
    assert found.state == "measured"
    assert "images" not in str(found.facts.get("trigger"))


@pytest.mark.usefixtures("untried")
def test_what_is_left_of_a_class_whose_labels_were_turned_holds_no_trigger():
    rng = np.random.default_rng(45)
    drawn, y = rng.random((5, 144)), rng.integers(0, 5, 1_200)
    x = np.clip(0.55 * drawn[y] + 0.25 * rng.random((1_200, 144)) + 0.1, 0, 1)
    y[rng.choice(np.flatnonzero(y == 0), 40, replace=False)] = 4
    found = pixel_table(x, y)
    assert not judge.named(found, "backdoor")
    assert found.facts["flips"][0]["expected"] == "d0"
