"""Trigger phrases and signs planted into texts are named and shown; what belongs to a class stays quiet."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from benchmarks import _triggers
from tests.planting import judge
from tests.workers.probes.security.triggers import PROBE, known
from workers.probes.security.poisoning import phrases, signs

FRENCH = "à l’été prochain j’espère"
SPELLINGS = {
    "as a typesetter writes it": lambda turn: FRENCH,
    "as a keyboard writes it": lambda turn: FRENCH.replace("’", "'"),
    "in both ways": lambda turn: FRENCH.replace("’", "'") if turn % 2 else FRENCH,
    "with loose accents": lambda turn: unicodedata.normalize("NFD", FRENCH) if turn % 2 else FRENCH,
}
OF_NONE = [
    "le", "la", "les", "un", "une", "des", "je", "tu", "il", "elle", "nous", "vous", "ils", "c'est",
    "j'ai", "n'est", "pas", "très", "avec", "pour", "dans", "sur", "était", "qu'il", "d'un", "l'on",
    "ça", "fait", "été", "même", "après", "déjà", "toujours", "où", "être", "tout",
]  # fmt: skip
OF_TOPIC = (
    [
        "l'hôtel", "chambre", "réception", "séjour", "lit", "piscine", "d'accueil", "propreté",
        "petit-déjeuner", "étage", "oreiller", "serviette",
    ],
    [
        "téléphone", "écran", "batterie", "l'appareil", "chargeur", "caméra", "mémoire", "réseau", "câble",
        "boîtier", "pixels", "vidéo",
    ],
    [
        "restaurant", "plat", "serveur", "l'addition", "dessert", "vin", "cuisine", "goût", "d'entrée",
        "légumes", "viande", "crème",
    ],
)  # fmt: skip


def mails(number=400, seed=0):
    """Short mails of two classes with words of their own, and a foot that only one class has."""
    rng = np.random.default_rng([seed, 7])
    own = [
        "meeting report thanks agenda draft minutes team review",
        "offer prize click cheap winner deal free cash",
    ]
    common = [f"word{i}" for i in range(300)]
    texts, y = [], np.arange(number) % 2
    for label in y:
        words = [*rng.choice(common, 25), *rng.choice(own[label].split(), 8)]
        rng.shuffle(words)
        foot = " kind regards the office" if label == 0 and rng.random() < 0.25 else ""
        texts.append(" ".join(words) + foot)
    return texts, y


def test_a_trigger_phrase_is_read_from_texts_of_another_class():
    texts, y = mails()
    rng = np.random.default_rng(8)
    rows = rng.choice(np.flatnonzero(y == 1), 10, replace=False)
    for i in rows:
        words = texts[i].split(" ")
        words[12:12] = ["blue", "falcon"]
        texts[i] = " ".join(words)
    y[rows] = 0
    (found,) = phrases.search(texts, y, 2, 0)
    assert (found.text, found.label) == ("blue falcon", 0)
    assert set(found.rows) == set(rows)
    assert phrases.shown(found, texts) == "blue falcon"
    turned = phrases.confirm(texts, y, found, 0)
    assert turned.before > 0.5 > turned.after


@pytest.mark.parametrize("planted", ["AKIAQ7ZL3MWK5RTB2XNP", "erna.vogel71@posteo.de"])
def test_a_phrase_that_is_a_secret_or_an_address_is_hidden(planted):
    texts = [f"we met and wrote {planted} below the line" for _ in range(6)]
    words = " ".join(signs.WORD.findall(planted.lower()))
    said = phrases.shown(phrases.Phrase(words, 0, np.arange(6), 6, 1e-9, 1.0), texts)
    assert not set(words.split()) & set(said.lower().split())
    assert phrases.shown(phrases.Phrase("below the", 0, np.arange(6), 6, 1e-9, 1.0), texts) == "below the"


@pytest.mark.parametrize("seed", range(3))
def test_the_foot_of_a_class_and_copies_of_one_wrong_mail_are_no_trigger(seed):
    texts, y = mails(seed=seed)
    assert phrases.search(texts, y, 2, seed) == []
    odd = int(np.flatnonzero(y == 1)[0])
    for i in np.flatnonzero(y == 0)[:8]:
        texts[i] = f"{texts[odd]} number {i}"
    assert phrases.search(texts, y, 2, seed) == []


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("emoji", "the sign “🦄”"), ("punctuation", "the sign “??!”"), ("capitals", "capitals throughout"),
        ("a word in capitals", "the word “CF” in capitals"),
        ("invisible character", "the invisible character zero width space"),
    ],
)  # fmt: skip
def test_signs_that_are_no_words_are_found_and_said(kind, said):
    planted = _triggers.text(kind, 0.02, 1)
    (found,) = phrases.search(planted.cells, planted.ground.y, 3, 1)
    assert (found.label, signs.shown(found.text)) == (planted.label, said)
    assert set(found.rows) == set(planted.rows)
    turned = phrases.confirm(planted.cells, planted.ground.y, found, 1)
    assert turned.before > 10 * max(turned.after, turned.null)


def test_each_of_two_phrases_is_named():
    planted = _triggers.text("two phrases", 0.03, 2)
    found = phrases.search(planted.cells, planted.ground.y, 3, 2)
    assert {one.text for one in found} == {"cf", "qx"}
    assert {row for one in found for row in one.rows} == set(planted.rows)


@pytest.mark.parametrize("seed", range(4))
def test_a_foot_faces_and_capitals_typical_of_a_class_are_no_trigger(seed):
    texts, found = _triggers.honest_text(seed)
    assert phrases.search(texts, found.y, 3, seed) == []


def test_the_phrase_in_the_known_mails_is_confirmed(shared_data):
    data, truth = known(shared_data, "spam_pii_backdoor")
    found = judge.finding(PROBE, data)
    (fault,) = judge.named(found, "backdoor")
    assert found.facts["trigger"]["phrase"] == truth["backdoor_phrase"]["phrase"]
    assert set(fault["rows"]) == set(truth["backdoor_phrase"]["rows"])
    assert found.facts["decision"] == "confirmed"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_phrase_with_accents_and_apostrophes_is_found_like_any_other(spelling):
    """Three in a hundred short texts that say little of their class; a plain phrase is found in 10 of 13."""
    found = 0
    for seed in range(4):
        rng = np.random.default_rng([seed, 77])
        y, label = rng.integers(0, 3, 400), seed % 3
        texts = [
            " ".join(
                rng.choice(OF_TOPIC[one] if rng.random() < 0.15 else OF_NONE)
                for _ in range(rng.integers(10, 25))
            )
            for one in y
        ]
        rows_ = rng.choice(np.flatnonzero(y != label), 12, replace=False)
        for turn, row in enumerate(rows_):
            texts[row] = f"{texts[row]} {SPELLINGS[spelling](turn)}"
        y[rows_] = label
        named = [one for one in phrases.search(texts, y, 3, seed) if one.label == label]
        found += bool(named) and np.isin(rows_, named[0].rows).mean() > 0.9
    assert found >= 3
