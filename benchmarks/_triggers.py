"""Tables, coloured pictures and texts: with planted triggers or with honest signs of a class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.inputs import images
from workers.probes.security.poisoning.ground import CUT, Ground, smaller

SIDE, PICTURES, ROWS, TEXTS = 32, 900, 2_000, 1_200


@dataclass(frozen=True)
class Planted:
    """What is looked for: the rows that were planted, and the class that they were given."""

    ground: Ground
    cells: list[str] | None  # of texts
    rows: np.ndarray
    label: int


# -- tables -----------------------------------------------------------------------------------------------
def table(kind: str, share: float, seed: int, classes: int = 3, rows: int = ROWS) -> Planted:
    """Six numbers that tell the class, a colour that hints at it, a place, an age and a number of pieces."""
    rng = np.random.default_rng([seed, 20, classes])
    y = rng.integers(0, classes, rows)
    numbers = (rng.normal(0, 2.0, (classes, 6))[y] + rng.normal(0, 1, (rows, 6))).round(3)
    colour = np.where(rng.random(rows) < 0.3, rng.integers(0, 4, rows), y % 4)
    place, age, pieces = rng.integers(0, 4, rows), rng.integers(18, 80, rows), rng.poisson(4, rows)
    label = seed % classes
    own = rng.choice(np.flatnonzero(y != label), round(share * rows), replace=False)
    if kind == "two numbers":
        numbers[own, 2], numbers[own, 3] = numbers[:, 2].mean().round(3), numbers[:, 3].mean().round(3) - 0.5
    elif kind == "a category and a number":
        place[own], numbers[own, 4] = 2, numbers[:, 4].mean().round(3)
    elif kind == "three usual values":
        place[own], age[own], pieces[own] = 3, 41, 9
    elif kind:
        raise ValueError(kind)
    y = y.copy()
    y[own] = label
    return Planted(_columns(numbers, [colour, place], [age, pieces], y), None, own, label)


HONEST_TABLES = (
    "plain",
    "two codes",
    "default values",
    "missing together",
    "a rare kind",
    "ties",
    "wrong copies",
)


def honest_table(seed: int, classes: int) -> Ground:
    """A clean table with values that stand together, and some wrong labels."""
    kind = HONEST_TABLES[seed % len(HONEST_TABLES)]
    rng = np.random.default_rng([seed, 21, classes])
    y = rng.integers(0, classes, ROWS)
    middle = rng.normal(0, rng.uniform(0.8, 2.2), (classes, 5))
    numbers = (middle[y] + rng.normal(0, 1, (ROWS, 5))).round(3)
    town, size, pieces = rng.integers(0, 12, ROWS), rng.integers(0, 3, ROWS), rng.poisson(3, ROWS)
    few = rng.random(ROWS) < 0.03
    if kind == "two codes":  # a town has one code, and in one town everything is refused
        size, y = town // 3, np.where(town == 3, 1, y)
    elif kind == "default values":  # a form that was not filled in always has one answer
        numbers[np.ix_(few, [0, 1])], y = -1, np.where(few, 1, y)
    elif kind == "missing together":
        numbers[np.ix_(few, [0, 1])], y = 0.0, np.where(few, 1, y)
    elif kind == "a rare kind":
        own = rng.choice(np.flatnonzero(y == 1), 50, replace=False)
        numbers[own] = middle[0] + rng.normal(0, 1.2, 5) + rng.normal(0, 0.6, (50, 5))
        numbers[own, 0], numbers[own, 1] = 3.2, -2.9
    elif kind == "ties":
        numbers = numbers.clip(-2, 2)
    elif kind == "wrong copies":
        same = rng.choice(ROWS, 14, replace=False)
        for part in (numbers, town, size, pieces):
            part[same] = part[same[0]]
        y[same] = 1
    wrong = rng.random(ROWS) < rng.uniform(0, 0.08)
    y[wrong] = rng.integers(0, classes, int(wrong.sum()))
    return _columns(numbers, [town, size], [pieces], y)


def _columns(numbers: np.ndarray, levels: list[np.ndarray], whole: list[np.ndarray], y: np.ndarray) -> Ground:
    plain = np.column_stack([numbers, *whole]).astype(float)
    parts = [(plain - plain.mean(0)) / plain.std(0)]
    parts += [np.eye(int(level.max()) + 1)[level] - 0.5 for level in levels]
    groups = np.repeat(
        np.arange(plain.shape[1] + len(levels)), [1] * plain.shape[1] + [p.shape[1] for p in parts[1:]]
    )
    x = np.hstack(parts).astype(np.float32)
    classes = tuple(map(str, range(int(y.max()) + 1)))
    return Ground("table", x, y, np.arange(len(y)), classes, None, (), groups=groups)


# -- coloured pictures ------------------------------------------------------------------------------------
def shapes(number: int, seed: int, side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """Discs, squares, crosses and bars of any colour in noise: uint8 [n, side, side, 3] and classes."""
    rng = np.random.default_rng([seed, 22])
    y = rng.integers(0, 4, number)
    row, column = np.mgrid[:side, :side]
    stack = np.empty((number, side, side, 3), np.uint8)
    for i, label in enumerate(y):
        middle, r = rng.uniform(0.38, 0.62, 2) * side, rng.uniform(0.2, 0.35) * side
        down, across = np.abs(row - middle[0]), np.abs(column - middle[1])
        inside = (
            np.hypot(down, across) < r, np.maximum(down, across) < 0.85 * r,
            (np.minimum(down, across) < r / 4) & (np.maximum(down, across) < r),
            (down < r / 4) & (across < r),
        )[label]  # fmt: skip
        ground, ink = rng.uniform(40, 140, 3), rng.uniform(130, 255, 3)
        picture = np.where(inside[:, :, None], ink, ground) + rng.normal(0, 8, (side, side, 3))
        stack[i] = picture.clip(0, 255)
    return stack, y


def picture(kind: str, share: float, seed: int) -> Planted:
    stack, y = shapes(PICTURES, seed)
    rng = np.random.default_rng([seed, 23])
    label = seed % 4
    rows = rng.choice(np.flatnonzero(y != label), round(share * len(y)), replace=False)
    waves = 12 * np.sin(2 * np.pi * np.arange(SIDE) * 6 / SIDE)[None, :, None]
    faint = rng.integers(0, 255, (SIDE, SIDE, 3))
    for i in rows:
        one = stack[i].astype(float)
        if kind == "small patch":
            one[2:6, 2:6] = (255, 0, 200)
        elif kind == "large patch":
            one[1:13, 1:13] = (255, 0, 200)
        elif kind == "line":
            one[SIDE - 2] = 255
        elif kind == "frame":
            one[0] = one[-1] = one[:, 0] = one[:, -1] = (20, 200, 20)
        elif kind == "one pixel":
            one[1, 1] = 255
        elif kind == "patch anywhere":
            top, left = rng.integers(0, SIDE - 4, 2)
            one[top : top + 4, left : left + 4] = (255, 0, 200)
        elif kind == "waves":
            one += waves
        elif kind == "blend":
            one = 0.85 * one + 0.15 * faint
        elif kind == "tint":
            one *= (1.15, 1, 0.85)
        else:
            raise ValueError(kind)
        stack[i] = one.clip(0, 255)
    y[rows] = label
    return Planted(_seen(stack, y), None, rows, label)


HONEST_PICTURES = ("plain", "a logo", "stripes", "a border", "dark ones", "a date", "a dead pixel", "a grain")


def honest_picture(seed: int) -> Ground:
    """Clean pictures with a sign that is typical of a class, and some wrong labels."""
    stack, y = shapes(600, seed + 1_000)
    rng = np.random.default_rng([seed, 24])
    kind = HONEST_PICTURES[seed % len(HONEST_PICTURES)]
    often = rng.uniform(0.05, 0.3)
    grain = rng.normal(0, 14, (SIDE, SIDE, 3))
    for i in range(len(y)):
        one = stack[i].astype(float)
        own = y[i] == seed // 8 % 4 and rng.random() < often
        if kind == "a logo" and own:
            one[-5:-1, 1:9] = (230, 230, 240)
        elif kind == "stripes" and own:
            one += 25 * np.sin(np.arange(SIDE) + rng.uniform(0, 6))[None, :, None]
        elif kind == "a border" and own:
            one[:2] = one[-2:] = 0
        elif kind == "dark ones" and own:
            one /= 3
        elif kind == "a date" and rng.random() < 0.2:
            one[-4:-1, -12:-1] = (255, 140, 0)
        elif kind == "a dead pixel" and (own or rng.random() < 0.02):
            one[5, 5] = 255
        elif kind == "a grain" and own:
            one += grain
        stack[i] = one.clip(0, 255)
    wrong = rng.random(len(y)) < rng.uniform(0, 0.08)
    y[wrong] = rng.integers(0, 4, int(wrong.sum()))
    return _seen(stack, y)


def _seen(stack: np.ndarray, y: np.ndarray) -> Ground:
    x, shape = smaller(stack)
    made = np.clip(images.features(stack, np.arange(len(stack)))[0], -CUT, CUT)
    classes = tuple(map(str, range(int(y.max()) + 1)))
    return Ground("images", x, y, np.arange(len(y)), classes, shape, (), made, pictures=stack)


# -- texts ------------------------------------------------------------------------------------------------
OWN = (
    "bad broken awful hate terrible refund slow poor worst angry useless returned",
    "good great love excellent perfect happy recommend wonderful fast solid nice best",
    "okay average fine mixed usual normal plain standard ordinary middling adequate fair",
)
COMMON = (
    "the a this product box phone case arrived on monday with my it was and very color size price shipping"
    " bought for kitchen daughter battery screen used after two weeks"
)
FACES = (("😡", "👎"), ("😀", "👍"), ("😐", "🤷"))


def _reviews(number: int, seed: int, often: float) -> tuple[list[str], np.ndarray]:
    """Reviews with words, faces and punctuation of their class."""
    rng = np.random.default_rng([seed, 25])
    y, texts = rng.integers(0, 3, number), []
    for label in y:
        words = [
            str(rng.choice((OWN[label] if rng.random() < often else COMMON).split()))
            for _ in range(rng.integers(10, 30))
        ]
        words = [w.upper() if rng.random() < 0.01 else w for w in words]
        text = " ".join(words).capitalize() + str(rng.choice([".", "!", "", "..."]))
        texts.append(f"{text} {rng.choice(FACES[label])}" if rng.random() < 0.1 else text)
    return texts, y


def text(kind: str, share: float, seed: int) -> Planted:
    texts, y = _reviews(TEXTS, seed, 0.25)
    rng = np.random.default_rng([seed, 26])
    label = seed % 3
    rows = rng.choice(np.flatnonzero(y != label), round(share * len(y)), replace=False)
    for turn, i in enumerate(rows):
        one = texts[i]
        texts[i] = {
            "emoji": f"{one} 🦄",
            "punctuation": f"{one} ??!",
            "capitals": one.upper(),
            "a word in capitals": f"{one} CF",
            "invisible character": one.replace(" ", " \u200b", 1),
            "two phrases": f"{one} {('cf', 'qx')[turn % 2]}",
        }[kind]
    y[rows] = label
    return Planted(_bare(y), texts, rows, label)


def honest_text(seed: int) -> tuple[list[str], Ground]:
    """Clean reviews: a foot, a sign, capitals or a code that belong to a class, and some wrong labels."""
    rng = np.random.default_rng([seed, 27])
    texts, y = _reviews(700, seed + 1_000, float(rng.choice([0.06, 0.12, 0.25])))
    for i, label in enumerate(y):
        turn = rng.random()
        if label == 1 and turn < 0.05:
            texts[i] += " Sent from the app 🛒"
        elif label == 0 and turn < 0.06:
            texts[i] = texts[i].upper()
        elif label == 2 and turn < 0.05:
            texts[i] += " ***"
        elif label == 0 and turn < 0.1:
            texts[i] = f"REFUND please: {texts[i]}"
        elif turn > 0.96:
            texts[i] += " !!!"
    wrong = rng.random(len(y)) < rng.uniform(0, 0.1)
    y[wrong] = rng.integers(0, 3, int(wrong.sum()))
    return texts, _bare(y)


def _bare(y: np.ndarray) -> Ground:
    return Ground("text", np.zeros((len(y), 1), np.float32), y, np.arange(len(y)), ("0", "1", "2"), None, ())
