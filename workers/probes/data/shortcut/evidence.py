"""What shows a shortcut: the property by class, examples beside others, and what is left without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workers.inputs import audio_facts, image_facts, images
from workers.probes.base import Budget, Sample
from workers.probes.data.shortcut import properties
from workers.probes.data.shortcut import search as shortcut_search
from workers.probes.data.shortcut.search import Found
from workers.probes.thumbnails import png
from workers.probes.words import percent

if TYPE_CHECKING:
    from workers.probes.data.shortcut import Looked, Shortcut

SIZES = ("width", "height")
STORED = ("width", "height", "aspect", "quality", "metadata", "bandwidth")
CLASSES_SHOWN = 10
EXAMPLES = 6
PICTURES = 1_600  # made without the property and measured again


def follows(hit: Found, found: tuple[Found, ...], facts: dict[str, np.ndarray], y: np.ndarray) -> bool:
    """Whether a property differs only because another one does: a coloured wall also colours the frame."""
    name, fault = hit.property.name, hit.property.fault
    same = [other for other in found if set(other.classes) == set(hit.classes) and other is not hit]
    faults = {other.property.fault for other in same}
    if fault in (properties.BORDER, properties.BACKGROUND) and properties.TEXTURE in faults and _grainy(name):
        return True  # noise over a whole picture lies on its frame and its ground as well
    if fault == properties.TEXTURE and properties.TINT in faults and hit.spike:
        return True  # a tint takes light away, and of the noise as well
    names = {part for other in same for part in other.property.name.split(", ")}
    own = np.isin(y, hit.classes)
    if fault == properties.BORDER and faults & {properties.BACKGROUND, properties.TINT}:
        # The frame's own level follows the background's; a step to the inside does not.
        parts = set(name.split(", "))
        return not (parts | names) & {"frame step", "frame alike"} and bool(
            parts <= {"frame level", "frame spread"}
        )
    if fault in (properties.BACKGROUND, properties.TINT) and {"background red", "tint red"} <= facts.keys():
        other = properties.TINT if fault == properties.BACKGROUND else properties.BACKGROUND
        light = _tinted(facts, own)
        return other in faults and light == (fault == properties.BACKGROUND)
    if fault == properties.HUM and name == "noise floor" and properties.LOUDNESS in faults:
        louder = _shift(facts["loudness"], own)
        return abs(_shift(facts["noise floor"], own)) < 1.5 * abs(louder)
    if fault == properties.LOUDNESS and properties.HUM in faults:
        # A strong hum makes its sounds louder as well: without it they are as loud as the others.
        return abs(_shift(facts["without line"], own)) < 0.5 * abs(_shift(facts["loudness"], own))
    return False


def _grainy(name: str) -> bool:
    return all(part.endswith("spread") or part == "frame alike" for part in name.split(", "))


def _shift(values: np.ndarray, own: np.ndarray) -> float:
    return float(np.median(values[own]) - np.median(values[~own]))


def _tinted(facts: dict[str, np.ndarray], own: np.ndarray) -> bool:
    """Whether the middle of the pictures has the cast that their background has: then it is the light's."""
    red, green, blue = (facts[f"background {c}"] for c in ("red", "green", "blue"))
    ground = np.hypot(_shift(red - green, own), _shift(blue - green, own))
    middle = np.hypot(_shift(facts["tint red"], own), _shift(facts["tint blue"], own))
    return bool(middle >= 0.75 * ground)


def compared(hit: Found, y: np.ndarray) -> str:
    """The middle of the class and of the others, or the range that is the class's own; with the unit."""
    values = hit.property.plain
    own = np.isin(y, hit.classes)
    if ", " in hit.property.name:
        return f"{percent(hit.share)} of it share one look, which others hardly ever have"
    unit = f" {hit.property.unit}" if hit.property.unit else ""
    if hit.spike:
        low, high = np.quantile(values[hit.carriers], (0.05, 0.95))
        others = float(((values[~own] >= low) & (values[~own] <= high)).mean())
        told = f"{hit.property.name} of {_number(low)} to {_number(high)}{unit} in {percent(hit.share)} of it"
        return f"{told} and {percent(others)} of the others"
    ours, theirs = (float(np.nanmedian(values[part])) for part in (own, ~own))
    return f"{hit.property.name} {_number(ours)}{unit} against {_number(theirs)}{unit} in the middle"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


# -- for the figure -----------------------------------------------------------------------------------
def shown(sample: Sample, one: Looked, hit: Shortcut) -> dict[str, Any]:
    """JSON-ready: quantiles by class; pictures with the property beside others; or spectra of sounds."""
    names = one.target.classes
    told: dict[str, Any] = {
        "fault": hit.fault, "says": hit.says, "property": hit.name, "unit": hit.unit, "kind": hit.kind,
        "classes": [names[c] for c in hit.classes], "share": round(hit.share, 4),
        "value": round(hit.value, 4),
        "low": round(hit.low, 4), "high": round(hit.high, 4), "target": one.target.name, "detail": hit.detail,
        "doubt": hit.doubt.says,
    }  # fmt: skip
    if hit.values is not None:
        told["by_class"] = _by_class(one, hit)
    if sample.kind == "images" and "images" in sample.arrays:
        told["examples"] = _examples(sample, one, hit)
    if sample.kind == "audio" and hit.fault == properties.HUM:
        told["spectrum"] = _spectrum(sample, one, hit)
    return told


def _by_class(one: Looked, hit: Shortcut) -> list[dict[str, Any]]:
    """Quantiles of the property, the shortcut's classes first, then those nearest to them."""
    assert hit.values is not None
    rows = []
    for c in np.unique(one.y):
        own = hit.values[(one.y == c) & np.isfinite(hit.values)]
        if len(own):
            quantiles = [round(float(q), 4) for q in np.quantile(own, (0.05, 0.25, 0.5, 0.75, 0.95))]
            rows.append({"class": one.target.classes[c], "given_away": c in hit.classes, "rows": len(own),
                         "quantiles": quantiles})  # fmt: skip
    rows.sort(key=lambda row: (not row["given_away"], -hit.sign * row["quantiles"][2]))
    return rows[:CLASSES_SHOWN]


def _examples(sample: Sample, one: Looked, hit: Shortcut) -> list[dict[str, Any]]:
    """Pictures that have the property, and as many of other classes."""
    others = np.flatnonzero(~np.isin(one.y, hit.classes))
    ours = hit.carriers[np.linspace(0, len(hit.carriers) - 1, min(EXAMPLES, len(hit.carriers))).astype(int)]
    picked = others[np.linspace(0, len(others) - 1, min(EXAMPLES, len(others))).astype(int)]
    stack = sample.arrays["images"]
    return [
        {"image": png(stack[one.at[i]]), "class": one.target.classes[one.y[i]], "has": has,
         "place": sample.places([sample.arrays["ids"][one.at[i]]])[0]}
        for has, rows in ((True, ours), (False, picked)) for i in rows
    ]  # fmt: skip


def _spectrum(sample: Sample, one: Looked, hit: Shortcut) -> dict[str, Any]:
    facts = properties.named(sample)
    names = [f"line at {hertz:.0f} Hz" for hertz in audio_facts.GRID]
    if not set(names) <= facts.keys():
        return {}
    lines = np.stack([facts[name][one.at] for name in names], axis=1)
    own = np.isin(one.y, hit.classes)
    return {
        "hertz": [float(h) for h in audio_facts.GRID],
        "given_away": np.round(np.median(lines[own], axis=0), 1).tolist(),
        "others": np.round(np.median(lines[~own], axis=0), 1).tolist(),
    }


# -- what a model makes of it -------------------------------------------------------------------------
def alone(sample: Sample, one: Looked, hit: Shortcut, seed: int) -> dict[str, Any]:
    """How well the class is told by the property alone and by everything there is, as AUC out of fold."""
    own = np.isin(one.y, hit.classes)
    told = {"property": round(hit.value / 2 + 0.5, 4)}
    if sample.features.shape[1] and min(own.sum(), (~own).sum()) >= 10:
        scores = _scores(sample.features[one.at], own.astype(np.int64), seed)
        told["everything"] = round(shortcut_search.auc(scores, own)[0], 4)
    return told


def _scores(x: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    """float [n]: odds of the class by a linear model that has not seen the row."""
    from workers.probes.data.shared.out_of_fold import narrowed

    x = narrowed(x, seed).astype(np.float64)
    order = np.random.default_rng([seed, 5]).permutation(len(y))
    fold = np.empty(len(y), int)
    fold[order[np.argsort(y[order], kind="stable")]] = np.arange(len(y)) % 3
    out = np.zeros(len(y))
    aim = np.where(y == 1, 1.0, -1.0) / np.where(y == 1, max(1, (y == 1).sum()), max(1, (y != 1).sum()))
    weight = np.abs(aim)
    for part in range(3):
        shown_, held = fold != part, fold == part
        if held.any():
            design = np.hstack([x, np.ones((len(x), 1))])
            heavy = design[shown_] * weight[shown_, None]
            gram = heavy.T @ design[shown_] + 1e-3 * np.eye(design.shape[1])
            out[held] = design[held] @ np.linalg.solve(gram, heavy.T @ np.sign(aim[shown_]))
    return out


def mitigations(sample: Sample, found: list[tuple[Looked, Shortcut]], budget: Budget) -> list[dict[str, Any]]:
    """The value after the worst shortcut is removed, measured on pictures made without it."""
    one, hit = found[0]
    names = [one.target.classes[c] for c in hit.classes]
    rest = max((other.value for _, other in found[1:]), default=0.0)
    what = " and ".join(f"“{name}”" for name in names[:2])
    if hit.columns and hit.kind == "column":
        return [{
            "title": f"Balance {hit.name} over the classes, or collect {what} again without it",
            "value": rest, "low": rest, "high": rest, "effort": "1 week, one engineer", "basis": "measured",
            "note": f"Measured without {hit.name}.",
        }]  # fmt: skip
    if sample.kind != "images" or "images" not in sample.arrays or hit.fault not in REMOVED:
        return []
    title, change = REMOVED[hit.fault]
    rows = np.arange(len(one.y))
    if len(rows) > PICTURES:
        rows = np.sort(np.random.default_rng([budget.seed, 9]).choice(rows, PICTURES, replace=False))
    before = sample.arrays["images"][one.at[rows]]
    after = change(before)
    measured = {"width": 0, "height": 0, "quality": -1.0, "metadata": 0.0}
    values = np.stack([
        image_facts.measured(p[:, :, 0] if p.shape[2] == 1 else p, measured) for p in after
    ]).astype(np.float64)  # fmt: skip
    made = properties.pictures(dict(zip(image_facts.NAMES, values.T, strict=True)))
    again = shortcut_search.search(made, one.y[rows], len(one.target.classes))
    left = [f for f in again.found if set(f.classes) & set(hit.classes) and f.property.fault == hit.fault]
    value = max([2 * f.auc - 1 for f in left] + [rest])
    note = "Measured again on the pictures made that way."
    if budget.left > 3:
        note += _accuracy(before, after, one.y[rows], budget.seed)
    return [{
        "title": title, "value": value, "low": min(value, rest),
        "high": max(value, min(hit.value, value + 0.05)),
        "effort": "1 day, one engineer", "basis": "measured", "note": note,
    }]  # fmt: skip


def _accuracy(before: np.ndarray, after: np.ndarray, y: np.ndarray, seed: int) -> str:
    """How right a nearest-centre model is on both, in a sentence: what the removal costs."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    from workers.probes.data.shared.out_of_fold import folds, narrowed

    right = []
    for stack in (before, after):
        x = narrowed(images.features(stack, np.ones(len(stack), bool))[0], seed)
        fold = folds(x, y, seed, 3)
        hits = 0
        for part in range(3):
            seen = fold != part
            if (fold == part).any() and len(np.unique(y[seen])) > 1:
                model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(x[seen], y[seen])
                hits += int((model.predict(x[~seen]) == y[~seen]).sum())
        right.append(hits / len(y))
    before_, after_ = map(percent, right)
    return f" A small model is right in {before_} of the pictures before and {after_} after."


def _cropped(stack: np.ndarray) -> np.ndarray:
    """Without an eighth of the picture on each side, which holds frames and corner marks."""
    down, across = max(1, stack.shape[1] // 8), max(1, stack.shape[2] // 8)
    return np.ascontiguousarray(stack[:, down:-down, across:-across])


def _grey(stack: np.ndarray) -> np.ndarray:
    """In grey, each picture with the same mean."""
    grey = stack.astype(np.float32).mean(axis=3, keepdims=True)
    return np.clip(grey - grey.mean(axis=(1, 2, 3), keepdims=True) + 128, 0, 255).astype(np.uint8)


def _levelled(stack: np.ndarray) -> np.ndarray:
    """What has the background's colour becomes one grey, the same in all pictures."""
    out = stack.astype(np.int16)
    wide = max(1, round(min(stack.shape[1:3]) * 0.15))
    rim = np.ones(stack.shape[1:3], bool)
    rim[wide:-wide, wide:-wide] = False
    middle = np.median(out[:, rim], axis=1)[:, None, None, :]
    out[(np.abs(out - middle) < 30).all(axis=3)] = 128
    return out.astype(np.uint8)


def _silhouettes(stack: np.ndarray) -> np.ndarray:
    """Black and white at the middle between each picture's extremes, after a 3 x 3 mean: shape only."""
    from scipy.ndimage import uniform_filter

    grey = uniform_filter(stack.astype(np.float32).mean(axis=3), size=(0, 3, 3))
    low, high = (np.quantile(grey, q, axis=(1, 2), keepdims=True) for q in (0.02, 0.98))
    return np.where(grey > (low + high) / 2, 255, 0).astype(np.uint8)[..., None]


REMOVED = {
    properties.BORDER: ("Crop all pictures by an eighth on each side", _cropped),
    properties.BACKGROUND: ("Give all pictures the same background", _levelled),
    properties.TINT: ("Train on grey pictures", _grey),
    properties.TEXTURE: ("Train on silhouettes, without inner texture", _silhouettes),
}
