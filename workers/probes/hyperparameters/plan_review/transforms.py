"""Augmentation in any spelling -> a list of kinds that are switched on, with their strength."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workers.probes.hyperparameters.plan_review.written import Setting, Written, number, truth, words

PLACE = re.compile(
    r"\b(augmentation|augmenter|augmented|transforms?|transformations?|albumentations|"
    r"distortions?|spec augmentation|"
    r"random apply|perturbations?|image data generator|data generator|train transforms?)\b"
)
KINDS: tuple[tuple[str, str], ...] = (
    (
        "horizontal flip",
        r"h(orizontal)? ?flip|flip (lr|left right|horizontal\w*|x)|random flip left "
        r"right|mirror\w*|fliplr|"
        r"horizontal mirror|left right flip",
    ),
    (
        "vertical flip",
        r"v(ertical)? ?flip|flip (ud|up down|vertical\w*|y)|flipud|upside down|random "
        r"flip up down|"
        r"vertical mirror|up down flip",
    ),
    ("flip", r"random ?flips?|flips?|transpose|d4|dihedral"),
    ("rotation", r"rotat\w*|random ?rotat\w*|degrees|rot ?90|random rotate90|rotate90"),
    ("shear", r"shear\w*|skew\w*|slant\w*"),
    ("affine", r"affine|shift scale rotate"),
    ("elastic", r"elastic\w*|grid distortion|perspective|warp\w*"),
    (
        "hue",
        r"hue|color ?jitter|color shift|channel shuffle|rgb ?shift|color (distortion|augmentation)|"
        r"to ?gray|gr[ae]y ?scale|"
        r"random gr[ae]y\w*|to sepia|saturation|invert\w*|solarize|posterize|channel dropout",
    ),
    ("brightness", r"brightness|contrast|gamma|exposure|random brightness contrast|lighting"),
    ("blur", r"\w*blur\w*|jpeg\w*|compression|downscale"),
    ("noise", r"\w*noise|jitter|gauss\w*"),
    ("erasing", r"cut ?out|random ?eras\w*|coarse dropout|hide and seek"),
    ("crop", r"random ?resized ?crop|random ?crop|crop\w*"),
    ("zoom", r"zoom\w*|random ?scale|scal(e|ing)( jitter| range| limit)?|resize jitter|random ?zoom"),
    ("reverse", r"(time )?revers\w*|time flip|backwards"),
    ("stretch", r"time ?stretch\w*|speed( perturb\w*| change)?|tempo( change)?|time ?warp\w*"),
    ("pitch", r"pitch( ?shift\w*)?"),
    ("translation", r"translat\w*|shift\w*|width shift range|height shift range"),
    ("gain", r"gain|volume|loudness|magnitude (warp\w*|scal\w*)"),
    ("sign", r"sign flip\w*|negat\w*|polarity( inver\w*)?|sign change"),
    ("case", r"lower ?cas\w*|upper ?cas\w*|casing"),
    ("word deletion", r"(random )?(word |token )?(delet\w*|drop(ping)? words|word dropout)"),
    ("word swap", r"(random )?(word )?swap\w*|shuffl\w*( words| sentences| tokens)?|antonym\w*"),
    ("synonyms", r"synonym\w*|word ?net|eda|paraphras\w*|back ?translat\w*"),
    ("mixing", r"mix ?up|cut ?mix|mosaic"),
)
NAMES = tuple((kind, re.compile(rf"\b({pattern})\b")) for kind, pattern in KINDS)
OFF = {"p", "prob", "probability", "chance"}
SOUND = re.compile(r"\b(none|no|off|disabled)\b")
AMOUNT = re.compile(
    r"\b(degrees?|angle|angles|limit|max|range|rotation range|amount|strength|max angle|max degrees|"
    r"factor|rotate limit|value)$"
)
EITHER = re.compile(r"\b(mode|direction|axis|axes|orientation|kind|type)$")


@dataclass(frozen=True, slots=True)
class Transform:
    """One kind of augmentation: its name in plain words, its strength if told, where it stands."""

    name: str
    amount: float | None  # degrees of a rotation or shear; else as written
    key: str
    said: str  # all that is said about it, in plain words


def read(written: Written) -> Iterator[Transform]:
    """Each kind that is switched on, once; the settings inside a step belong to that step."""
    taken: dict[tuple[str, str], Transform] = {}
    for one in written.settings:
        if not PLACE.search(one.path) or _off(written, one):
            continue
        for kind, key, said in _kinds(written, one):
            amount = _amount(written, one, key, kind)
            if amount == 0:
                continue
            place = (kind, key)
            before = taken.get(place)
            if before is None or (before.amount is None and amount is not None):
                taken[place] = Transform(kind, amount, key, said)
    yield from taken.values()


def kind_of(text: str) -> str:
    """The kind that words name: "random horizontal flip" -> "horizontal flip"; "" when they name none."""
    return next((kind for kind, pattern in NAMES if pattern.search(text)), "")


def _kinds(written: Written, one: Setting) -> Iterator[tuple[str, str, str]]:
    """(kind, key, all that is said): by the value (a name), by the key, or by the group around."""
    own = [name for name in one.names if name]
    inside = _inside(own)
    if isinstance(one.value, str) and not _key_says(one, inside):
        for kind in _listed(one.said):
            yield _refined(written, one, kind), one.key, one.said
        return
    if isinstance(one.value, list) and all(isinstance(item, str) for item in one.value) and one.value:
        for place, item in enumerate(one.value):
            for kind in _listed(words(item)):
                yield kind, f"{one.key}[{place}]", words(item)
        if not any(kind_of(name) for name in inside):
            return
    for depth, name in enumerate(inside):
        kind = kind_of(name)
        if kind:
            key = one.key if depth == len(inside) - 1 else _up(one.key, len(inside) - 1 - depth)
            yield _refined(written, one, kind, key), key, " ".join(inside)
            return


def _inside(names: list[str]) -> list[str]:
    """The names below the place of augmentation; of a flat key what follows the word in it."""
    for place, name in enumerate(names):
        found = PLACE.search(name)
        if found:
            rest = (name[: found.start()] + " " + name[found.end() :]).strip()
            return [part for part in (rest, *names[place + 1 :]) if part]
    return names


def _key_says(one: Setting, inside: list[str]) -> bool:
    """A setting such as "rotation": "30 degrees" is said by its key; "name": "rotation" by its value."""
    return bool(inside) and bool(kind_of(inside[-1])) and not kind_of(one.said)


def _listed(said: str) -> list[str]:
    """The kinds in a text: "horizontal flip, rotation 180" -> both."""
    found = []
    rest = said
    for kind, pattern in NAMES:
        match = pattern.search(rest)
        if match:
            found.append(kind)
            rest = rest[: match.start()] + " " + rest[match.end() :]
    if SOUND.search(said) and len(said.split()) <= 3:
        return []
    return found


def _refined(written: Written, one: Setting, kind: str, key: str = "") -> str:
    """A flip says its direction beside it: {"name": "flip", "mode": "horizontal"}."""
    if kind != "flip":
        return kind
    said = one.said if isinstance(one.value, str) else ""
    node = written.node(key or _up(one.key, 1))
    if isinstance(node, dict):
        said += " " + " ".join(words(value) for name, value in node.items() if EITHER.search(words(name)))
    if re.search(r"horizontal|left|\blr\b|\bx\b", said) and not re.search(r"vertical|\bud\b|\band\b", said):
        return "horizontal flip"
    return "vertical flip" if re.search(r"vertical|up|\bud\b", said) and "horizontal" not in said else "flip"


def _up(key: str, levels: int) -> str:
    for _ in range(levels):
        key = key[: key.rindex("[")] if key.endswith("]") else key.rpartition(".")[0]
    return key


def _off(written: Written, one: Setting) -> bool:
    """Switched off: false, 0, null, "none", or a chance of 0 beside it."""
    if one.nothing or truth(one.value) is False or one.number == 0:
        return True
    node = written.node(one.group) if one.group else None
    if isinstance(node, dict):
        for name, value in node.items():
            if str(name).lower() in (*OFF, "enabled") and (truth(value) is False or value == 0):
                return True
    return False


def _amount(written: Written, one: Setting, key: str, kind: str) -> float | None:
    """The strength: the largest number said of it that is no probability; degrees for a rotation."""
    last = next((name for name in reversed(one.names) if name), "")
    if last in OFF:
        return None
    found = _largest(one.value)
    if found is not None and (AMOUNT.search(last) or kind_of(last) == kind):
        return found
    if isinstance(one.value, str) and one.key == key:
        numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", str(one.value))]
        node = written.node(_up(key, 1))
        if isinstance(node, dict):
            beside = [
                _largest(v)
                for n, v in node.items()
                if AMOUNT.search(str(n).lower().replace("_", " ")) and str(n) not in OFF
            ]
            numbers += [n for n in beside if n is not None]
        return max((abs(n) for n in numbers), default=None)
    return found if kind in ("rotation", "shear") else None


def _largest(value: object) -> float | None:
    values = value if isinstance(value, list) else [value]
    numbers = [abs(n) for one in values if (n := number(one)) is not None]
    return max(numbers, default=None)
