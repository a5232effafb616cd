"""Attacks on the words themselves: typing errors, look-alike letters, words moved and words added.

The words that speak most for the right answer are found by the gradient (after Gao et al. 2018), changed in
the real text, and the text is made into features again as prepare does it. Words that speak for another
answer are added (Lowd and Meek 2005). Whether an attack worked is read off the model's answer to the changed
text, never off the gradient.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from workers.fleet import Fleet, train
from workers.probes.base import Budget
from workers.probes.security.adversarial.attacks import margins, slope
from workers.probes.security.adversarial.checks import NO_SLOPE, Checks, weaker
from workers.probes.security.adversarial.curve import Curve, right
from workers.probes.security.adversarial.twins import told
from workers.probes.security.written import WORD, Written, exchanged, look_alike, spoilt, typing_error
from workers.probes.surrogate import Rows, Surrogate

STRENGTHS = (0.02, 0.05, 0.1, 0.2, 0.4)  # share of the words
MOST_TEXTS, MOST_LETTERS = 150, 120_000  # attacked, and how long they may be together
DRAWS = 3  # of random typing errors
VOCABULARY, SEEN_IN = 2_000, 5  # words that may be added: the commonest, in so many training texts at least
LINES = ("typos", "signs", "words")


@dataclass(frozen=True, eq=False)
class Reading:
    """What is attacked: the rows, the words in each, and which words may be added."""

    written: Written
    rows: np.ndarray  # int64, places in Rows
    y: torch.Tensor
    words: list[list[str]]  # in lower case, as they stand in each text
    vocabulary: list[str]
    pulls: np.ndarray  # float32 [all words, d]: where each word pulls a text
    place: dict[str, int]  # word -> its row of ``pulls``; the vocabulary comes first


def reading(written: Written, found: Rows, rows: np.ndarray) -> Reading:
    words = [[match[0].lower() for match in WORD.finditer(written.texts[row])] for row in rows]
    counts: Counter[str] = Counter()
    for row in found.train:
        counts.update({match[0].lower() for match in WORD.finditer(written.texts[row])})
    common = [word for word, times in counts.most_common(VOCABULARY) if times >= SEEN_IN and word.isalpha()]
    every = list(dict.fromkeys([*common, *(word for text in words for word in text)]))
    return Reading(
        written, rows, torch.from_numpy(found.y[rows]), words, common,
        written.turn.pull(every), {word: at for at, word in enumerate(every)},
    )  # fmt: skip


def fitting(written: Written, rows: np.ndarray) -> np.ndarray:
    """As many of the rows as can be attacked in the time: long texts are fewer."""
    lengths = np.cumsum([len(written.texts[row]) for row in rows])
    return rows[: max(20, min(MOST_TEXTS, int(np.searchsorted(lengths, MOST_LETTERS))))]


def gains(fleet: Fleet, read: Reading) -> tuple[np.ndarray, np.ndarray]:
    """float32 [K, n, all words]: how far a word of each row moves it towards a wrong answer; and the
    gradient [K, n, d] that says so."""
    x = torch.from_numpy(read.written.x[read.rows])
    found = slope(fleet, x.expand(len(fleet), -1, -1).contiguous(), read.y, margin=True).cpu().numpy()
    return found[..., : read.written.width] @ read.pulls.T, found


def telling(read: Reading, gain: np.ndarray) -> list[np.ndarray]:
    """For each row the numbers of its words, those first that speak most for the right answer."""
    return [
        np.argsort(gain[at, np.array([read.place[word] for word in words], int)], kind="stable")
        for at, words in enumerate(read.words)
    ]


def attacked(
    read: Reading, order: Sequence[np.ndarray], gain: np.ndarray, strength: float, seed: int
) -> dict[str, list[list[str]]]:
    """Line -> attacks, each with one text a row; ``strength`` is the share of words that may change."""
    found: dict[str, list[list[str]]] = {"typos": [[]], "signs": [[]], "words": [[], []]}
    most = max((changed(strength, len(places)) for places in order), default=1)
    best = _best(gain[:, : len(read.vocabulary)], most)
    for at, (row, places) in enumerate(zip(read.rows, order, strict=True)):
        text, many = read.written.texts[row], changed(strength, len(places))
        first = places[:many].tolist()
        draw = np.random.default_rng([seed, int(row)])
        found["typos"][0].append(spoilt(text, first, typing_error, draw))
        found["signs"][0].append(spoilt(text, first, look_alike, draw))
        found["words"][0].append(exchanged(text, first))
        more = " ".join(read.vocabulary[place] for place in best[at, :many])
        room = read.written.turn.length - len(more) - 1
        found["words"][1].append(f"{text} {more}" if len(text) < room else f"{more} {text}")
    return found


def _best(gain: np.ndarray, most: int) -> np.ndarray:
    """int [n, most]: the columns of the greatest gains, the greatest first."""
    few = np.sort(np.argpartition(-gain, min(most, gain.shape[1]) - 1, axis=1)[:, :most], axis=1)
    order = np.argsort(-np.take_along_axis(gain, few, 1), axis=1, kind="stable")
    return np.take_along_axis(few, order, 1)


def changed(strength: float, words: int) -> int:
    """How many words that share is; at least one."""
    return max(1, round(strength * words))


def by_chance(read: Reading, strength: float, seed: int) -> list[str]:
    """Typing errors in words drawn by chance."""
    draw = np.random.default_rng([seed, 23])
    return [
        spoilt(
            read.written.texts[row],
            draw.permutation(len(words))[: changed(strength, len(words))].tolist(),
            typing_error,
            draw,
        )
        for row, words in zip(read.rows, read.words, strict=True)
    ]


def stands(fleet: Fleet, read: Reading, texts: Sequence[Sequence[str]]) -> np.ndarray:
    """bool [K, n]: who is right about these texts, one list for all members or one a member."""
    x = np.stack([read.written.features(own, read.rows) for own in texts])
    return right(fleet, torch.from_numpy(x if len(x) > 1 else x[0]), read.y)


def attack(fleet: Fleet, read: Reading, strengths: Sequence[float], budget: Budget) -> Curve:
    """Every attack at every strength, each member by its own gradient."""
    x = torch.from_numpy(read.written.x[read.rows])
    curve = Curve(right(fleet, x, read.y), list(strengths))
    gain, _ = gains(fleet, read)
    orders = [telling(read, own) for own in gain]
    for step, strength in enumerate(strengths):
        budget.progress(0.15 + 0.5 * step / len(strengths), "Changing words")
        chance = [by_chance(read, strength, budget.seed * 1000 + 10 * step + turn) for turn in range(DRAWS)]
        each = [stands(fleet, read, [texts]) for texts in chance]
        curve.once.append(each[0] & curve.clean)
        curve.add("random", np.logical_and.reduce(each))
        own = [
            attacked(read, order, member, strength, budget.seed)
            for order, member in zip(orders, gain, strict=True)
        ]
        for line in LINES:
            turns = range(len(own[0][line]))
            every = [stands(fleet, read, [member[line][turn] for member in own]) for turn in turns]
            curve.add(line, np.logical_and.reduce(every))
        curve.close()
    return curve


def worst_rows(fleet: Fleet, read: Reading, strength: float, seed: int) -> np.ndarray:
    """float32 [n, d]: member 0's rows after the attack that brings each nearest to a wrong answer."""
    gain, _ = gains(fleet.take([0]), read)
    made = attacked(read, telling(read, gain[0]), gain[0], strength, seed)
    every = [read.written.features(texts, read.rows) for line in LINES for texts in made[line]]
    with torch.no_grad():
        far = [margins(fleet.take([0]).logits(torch.from_numpy(x)), read.y)[0].cpu().numpy() for x in every]
    best = np.argmax(np.stack(far), axis=0)
    return np.stack(every)[best, np.arange(len(read.rows))]


def self_check(fleet: Fleet, read: Reading, curve: Curve, at: int, guessing: float, budget: Budget) -> Checks:
    """The same questions as for numbers: does aim beat chance, do more words do more harm, do all do most?"""
    budget.progress(0.7, "Checking that the attack itself works")
    gain, found = gains(fleet, read)
    strength = curve.strengths[at]
    double = min(1.0, 2 * strength)
    twice = [attacked(read, telling(read, own), own, double, budget.seed)["signs"][0] for own in gain]
    longer = stands(fleet, read, twice) & curve.clean
    draw = np.random.default_rng(0)
    everything = [
        spoilt(read.written.texts[row], range(len(words)), look_alike, draw)
        for row, words in zip(read.rows, read.words, strict=True)
    ]
    huge = stands(fleet, read, [everything]) & curve.clean
    flat = float(((np.abs(found).max(-1) == 0) & curve.clean).sum() / max(1, curve.clean.sum()))
    typos, once, signs = curve.lines["typos"][at], curve.once[at], curve.lines["signs"][at]
    alone = not read.written.others.shape[1]
    room = guessing + 2.33 * float(np.sqrt(guessing * (1 - guessing) / len(read.rows)))
    return {
        "gradient": {
            "ok": flat <= NO_SLOPE,
            "says": "the model's output does not answer to small changes of its input in many rows, so which"
            " words matter is unknown.",
            "figures": {"without": flat},
        },
        "order": {
            "ok": not weaker(typos, once),
            "says": "typing errors in the words that matter did less harm than in any words, so the gradient"
            " misleads and the true weakness is unknown.",
            "figures": {"random_once": float(once.mean()), "typos": float(typos.mean())},
        },
        "more_words": {
            "ok": not weaker(longer, signs),
            "says": "changing twice as many words did less harm, so the figure is not to be trusted.",
            "figures": {"signs": float(signs.mean()), "signs_twice": float(longer.mean())},
        },
        "huge": {
            "ok": not alone or float(huge.mean()) <= room,
            "says": "even with every word made unreadable many answers stayed right, so the attack does not"
            " reach what the model looks at.",
            "figures": {"accuracy": float(huge.mean())},
        },
    }


def twins(
    fleet: Fleet, read: Reading, found: Rows, centre: Surrogate, budget: Budget, threat: float, plain: Curve
) -> list[dict[str, Any]]:
    """The same nets, shown every training text a second time: attacked, or with errors by chance."""
    measured = []
    for step, way in enumerate(("attacked", "noisy")):
        budget.progress(0.78 + 0.1 * step, f"Training a twin on {way} texts")
        again = reading(read.written, found, found.train)
        if way == "attacked":
            gain, _ = gains(fleet.take([0]), again)
            made = attacked(again, telling(again, gain[0]), gain[0], threat, budget.seed)
            kinds = [made["typos"][0], made["signs"][0], made["words"][1]]
            which = np.random.default_rng([budget.seed, 29]).integers(len(kinds), size=len(found.train))
            texts = [kinds[kind][at] for at, kind in enumerate(which)]
        else:
            texts = by_chance(again, threat, budget.seed)
        x = np.vstack([read.written.x, read.written.features(texts, found.train)])
        y = np.concatenate([found.y, found.y[found.train]])
        rows = np.concatenate([found.train, np.arange(len(found.y), len(y))])
        members = [centre.member(member.seed, rows=rows) for member in fleet.members]
        other = train(
            x, y, members, net=centre.net, heads=found.heads, steps=centre.steps, batch=centre.batch,
            optimizer=centre.optimizer, device=budget.device,
        )  # fmt: skip
        quiet = Budget(max(1.0, budget.left), budget.seed, budget.device)
        curve = attack(other, read, [threat], quiet)
        measured.append(told(way, curve, plain, budget.seed))
    return measured
