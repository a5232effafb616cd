"""Running text: known by its words, turned into a hundred numbers, and checked for wrong decoding."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.workers.inputs.conftest import faults
from workers.inputs import text


def mails(count=120):
    rng = np.random.default_rng(0)
    words = {
        "spam": ["win", "money", "now", "offer", "free", "prize", "click"],
        "ham": ["meeting", "notes", "tomorrow", "project", "lunch", "team"],
    }
    for i in range(count):
        label = ("spam", "ham")[i % 2]
        body = " ".join(rng.choice([*words[label], "the", "and", "with", "please"], 14))
        yield {"id": f"m{i:04}", "text": f"{body} {i}", "label": label}


def test_a_text_column_makes_a_text_set(ready):
    sample = ready({"m.jsonl": "\n".join(json.dumps(m) for m in mails())})
    assert sample.kind == "text"
    assert {c.name: c.role for c in sample.columns} == {"id": "ignored", "text": "text", "label": "target"}
    assert 1 <= sample.features.shape[1] <= text.DIMENSIONS


def test_the_plan_may_name_the_text(ready):
    lines = "note,v,label\n" + "".join(f"short {i % 40} word,{i},{'ab'[i % 2]}\n" for i in range(80))
    sample = ready({"m.csv": lines}, plan={"data": {"text": "note"}}, targets=["label"])
    assert {c.name: c.role for c in sample.columns}["note"] == "text"


def test_the_directions_come_from_train_alone():
    rows = [m["text"] for m in mails()]
    train = np.arange(len(rows)) < 80
    other = rows[:80] + ["entirely new vocabulary here " * 3] * 40
    assert np.allclose(text.ngrams(rows, train, 0)[:80], text.ngrams(other, train, 0)[:80], atol=1e-5)


def test_empty_and_equal_texts_make_no_features():
    train = np.ones(6, bool)
    for rows in ([""] * 6, ["same words in every row"] * 6):
        assert text.ngrams(rows, train, 0).shape == (6, 0)


@pytest.mark.parametrize("word", ["café", "naïve", "Größe", "L’été", "10 €", "“quoted”", "Łódź", "Привет"])
def test_wrong_decoding_is_seen_and_right_decoding_is_not(word):
    assert not text.MOJIBAKE.search(word)
    assert text.MOJIBAKE.search(word.encode().decode("cp1252", "replace"))
    assert text.MOJIBAKE.search(word.encode().decode("latin-1"))


def test_mojibake_in_any_text_column_is_told(ready):
    rows = [m | {"name": "Ann" if i != 7 else "JosÃ©"} for i, m in enumerate(mails())]
    found = faults(ready({"m.jsonl": "\n".join(json.dumps(m) for m in rows)}))["mojibake"]
    assert found["rows"] == [7]
    assert found["columns"] == ["name"]
