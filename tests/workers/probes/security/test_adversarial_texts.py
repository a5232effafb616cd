# ruff: noqa: E501 - tables read best with an entry a line
"""Attacks on the words themselves: what may change, and that the model's own answer decides."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
import torch

from tests.planting import judge, sets
from workers.inputs import text
from workers.probes.security import written
from workers.probes.security.written import WORD, dropped, exchanged, look_alike, spoilt, typing_error

torch.set_num_threads(1)
SENTENCE = "The cheap offer, sent to every customer of the shop, ends tonight."


@pytest.fixture(scope="module")
def attacked():
    data = sets.jsonl(sets.notes(150), "topic", answers={"S4": {"value": "lot"}})
    return judge.finding("security.adversarial", data)


def test_the_text_itself_is_attacked_and_the_share_of_words_is_told(attacked):
    assert attacked.state == "measured"
    facts = attacked.facts
    assert facts["unit"] == "share of words"
    assert facts["threat"] == 0.1
    assert all(check["ok"] for check in facts["checks"].values())
    at = facts["strength"].index(0.1)
    assert facts["worst"][at] <= min(facts[line][at] for line in ("random", "typos", "signs", "words"))
    assert facts["random"][at] > facts["worst"][at]
    assert facts["worst"] == sorted(facts["worst"], reverse=True)
    assert len(facts["mitigations"]) == 2
    assert "examples" not in facts, "words of the upload stay in it"


def test_look_alike_letters_are_named_where_they_do_harm(attacked):
    facts = attacked.facts
    at = facts["strength"].index(0.1)
    named = [fault for fault in facts["faults"] if fault["fault"] == "adversarial_characters"]
    assert bool(named) == (facts["signs"][at] < 0.85 * facts["clean"])
    for fault in named:
        assert fault["columns"] == ["text"]
        assert fault["severity"] in ("medium", "high")


def test_a_typing_error_changes_a_word_a_little():
    draw = np.random.default_rng(0)
    for word in ("offer", "customer", "to", "of", "aaaa"):
        for _ in range(50):
            wrong = typing_error(word, draw)
            assert abs(len(wrong) - len(word)) <= 1
            assert sum((set(word) | set(wrong)) - {*word} != set() for _ in "x") <= 1
            assert wrong


def test_look_alikes_look_the_same_and_are_other_letters():
    draw = np.random.default_rng(0)
    for word in ("cheap", "offer", "shop", "tonight", "Viagra"):
        seen = look_alike(word, draw)
        assert seen != word
        bare = seen.replace(written.UNSEEN, "")
        assert len(bare) == len(word)
        for a, b in zip(word, bare, strict=True):
            assert a == b or unicodedata.name(b).split()[0] in ("CYRILLIC", "GREEK")


def test_only_the_words_that_were_asked_for_change():
    draw = np.random.default_rng(0)
    words = WORD.findall(SENTENCE)
    assert WORD.findall(spoilt(SENTENCE, [1, 4], lambda word, _: word.upper(), draw)) == [
        word.upper() if at in (1, 4) else word for at, word in enumerate(words)
    ]
    swapped = WORD.findall(exchanged(SENTENCE, [1, 2, 5]))
    assert swapped[1:3] == [words[2], words[1]]
    assert sorted(swapped) == sorted(words)
    assert WORD.findall(dropped(SENTENCE, [0, 3])) == [w for at, w in enumerate(words) if at not in (0, 3)]


def test_features_of_other_texts_are_made_as_those_of_the_first():
    texts = [f"{row} {SENTENCE if row % 2 else 'Nothing to see here but plain words.'}" for row in range(120)]
    texts += [f"some {word} and {word}s" for word in ("red", "green", "blue") for _ in range(20)]
    train = np.arange(len(texts)) % 4 != 0
    values, made = text.fitted(texts, train, 0)
    assert made is not None
    assert np.array_equal(values, text.ngrams(texts, train, 0))
    assert np.abs(made.of(texts) - values).max() < 1e-5
    assert np.abs(made.of(texts[7:9]) - values[7:9]).max() < 1e-5
    assert made.of([""]).shape == (1, values.shape[1])
    pulls = made.pull(["offer", "zzqqxx"])
    assert np.abs(pulls[0]).max() > np.abs(pulls[1]).max()


def test_words_that_are_written_to_slip_past_a_filter_are_named_with_their_rows():
    frame = sets.notes(80)
    frame.loc[10:13, "text"] = (
        "Buy ch\u0435ap pills and w\u200bin m\u043eney now, it is quite free of charge."
    )
    data = sets.jsonl(frame, "topic")
    (fault,) = [
        one
        for one in judge.finding("security.adversarial", data).facts["faults"]
        if one["fault"] == "adversarial_characters" and "rows" in one
    ]
    assert fault["rows"] == [10, 11, 12, 13]
    assert (fault["severity"], fault["columns"]) == ("medium", ["text"])


def test_honest_texts_of_other_scripts_hold_no_hidden_signs(tmp_path):
    from tests.workers import factories
    from workers.probes.security.adversarial import characters

    honest = [
        "Мы купили новый сервер Windows и MacBookа хватило", "10 \u03bcm and 5 k\u03a9 are units",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 is Persian", "co\u00adoperate softly",
        "a family \U0001f468\u200d\U0001f469\u200d\U0001f467 of emoji", "T-shirt, e-mail, o'clock",
    ]  # fmt: skip
    draw = np.random.default_rng(0)
    sample = factories.write_sample(
        tmp_path, draw.normal(size=(60, 2)), draw.integers(0, 2, 60), kind="text",
        rows={"text": [honest[row % len(honest)] for row in range(60)]}, roles={"text": "text"},
    )  # fmt: skip
    sample.manifest["columns"][0]["type"] = "text"
    assert sample.columns[0].type == "text"
    assert characters.hidden(sample) == []


ZW, SOFT = "\u200b", "\u00ad"


@pytest.mark.parametrize(
    ("texts", "severity"),
    [
        ([f"sign in at https://pay{ZW}pal.example.com/login today"], "medium"),
        ([f"sign in at pay{ZW}pal.com today"], "medium"), ([f"sign in at pay{SOFT}pal.com today"], "medium"),
        ([f"see paypal{ZW}.com for more"], "medium"), (["buy ch\u0435ap pills"], "medium"),
        ([f"a long{ZW}word that a web page may break"], "low"), ([f"see https://example.com/a{ZW} and go on"], None),
        ([f"co{SOFT}operate and Donau{SOFT}dampf"], None), (["a family \U0001f468\u200d\U0001f469\u200d\U0001f467 here"], None),
        (["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"], None), (["\u0930\u094d\u200d\u092f and words"], None),
    ],
)  # fmt: skip
def test_unseen_signs_are_a_spoof_in_addresses_and_little_in_prose(tmp_path, texts, severity):
    from tests.workers import factories
    from workers.probes.security.adversarial import characters

    draw = np.random.default_rng(0)
    written = [texts[0] if row % 10 == 0 else "an ordinary text of some words" for row in range(60)]
    sample = factories.write_sample(
        tmp_path, draw.normal(size=(60, 2)), draw.integers(0, 2, 60), kind="text", rows={"text": written},
        roles={"text": "text"},
    )  # fmt: skip
    sample.manifest["columns"][0]["type"] = "text"
    found = characters.hidden(sample)
    assert [one["severity"] for one in found] == ([severity] if severity else [])
    assert not found or found[0]["rows"] == list(range(0, 60, 10))
