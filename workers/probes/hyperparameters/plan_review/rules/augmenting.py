"""Augmentation that changes the answer while the label stays: flipped digits, recoloured fruit.

Shorten and Khoshgoftaar, "A survey on image data augmentation" (2019), on keeping labels true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from workers.probes.hyperparameters.plan_review import mirror
from workers.probes.hyperparameters.plan_review.known import Known
from workers.probes.hyperparameters.plan_review.risk import Risk
from workers.probes.hyperparameters.plan_review.transforms import Transform
from workers.probes.hyperparameters.plan_review.view import View
from workers.probes.hyperparameters.plan_review.written import truth, words
from workers.probes.words import listed

TURNED = 45.0  # degrees from which a 7 may pass for a 1 and an N for a Z
TILTED = 10.0  # degrees that an angle, a slant or a pose can no longer be told from
TURNS = ("rotation", "shear", "affine", "flip", "vertical flip", "horizontal flip")
MIRRORS = ("horizontal flip", "vertical flip", "flip")
# Words of a task or target -> what augmentation changes it. (kinds, words, what they describe)
CONFLICTS: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = tuple(
    (kinds, re.compile(rf"\b({pattern})\b"), what)
    for kinds, pattern, what in (
        (
            TURNS,
            r"slant\w*|angles?|orientation|rotations?|rotated|pose|heading|tilt\w*|upright\w*|"
            r"italics?|bearing|yaw|roll|skew\w*|"
            r"inclination|posture|azimuth",
            "which way something stands",
        ),
        (
            ("horizontal flip", "flip"),
            r"left|right|side|laterality|steering\w*|handedness|chirality|"
            r"facing|gaze( direction)?|turn( direction)?|"
            r"direction|lane( position)?|mirrored|arrows?",
            "left and right",
        ),
        (
            ("zoom", "crop"),
            r"sizes?|area|diameter|length|width|height|volume|distance|depth|scale|"
            r"thickness|magnification",
            "how large something is",
        ),
        (
            ("crop", "erasing", "mixing", "zoom"),
            r"count\w*|number of \w+|how many|crowd( size)?|n "
            r"(objects|people|cells|items)",
            "how many there are",
        ),
        (
            ("hue",),
            r"colors?|hue|ripe\w*|tint|shade|skin tone|pigment\w*|paint|freshness|coloring",
            "a colour",
        ),
        (
            ("brightness",),
            r"brightness|time of day|day ?night|daytime|lighting|illumination|exposure",
            "how light it is",
        ),
        (
            ("blur", "noise"),
            r"sharpness|blur\w*|focus|defocus|image quality|noise( level)?|grain\w*|"
            r"compression",
            "how sharp or clean a picture is",
        ),
        (
            ("stretch",),
            r"tempo|bpm|speed|(speaking|speech) rate|pace|duration|rhythm|cadence|heart rate|"
            r"rpm|length",
            "how fast or long something is",
        ),
        (
            ("pitch", "stretch"),
            r"pitch|speakers?( id)?|gender|sex|musical key|key|notes?|chords?|"
            r"instruments?|f0|voice( type)?|frequency",
            "a pitch or a voice",
        ),
        (
            ("gain",),
            r"loudness|volume|sound level|intensity|energy|amplitude|spl|magnitude",
            "how loud or strong something is",
        ),
        (
            ("reverse",),
            r"words?|spoken\w*|speech|commands?|keywords?|transcri\w*|phonemes?|trend|"
            r"direction|order|onset|next \w+|forecast",
            "an order in time",
        ),
        (("sign",), r"direction|trend|sign|returns?|polarity|rise|fall|up ?down|inversion", "a direction"),
        (("case",), r"case|capital\w*|ner|named entit\w*|entit(y|ies)", "how words are written"),
        (
            ("word deletion", "word swap"),
            r"sentiment|stance|negation|nli|entail\w*|grammar\w*|"
            r"acceptability|word order|coherence|ner|entit(y|ies)|"
            r"named entit\w*|pos( tags?)?|polarity",
            "the words that decide",
        ),
    )
)
# The project's own description must be this clear: single words there mean many things.
TELLING = re.compile(
    r"\b(speaker (id\w*|recognition|verification|classification)|who (is )?speak\w*|gender|musical key|"
    r"chords?|instruments?|pitch|tempo|bpm|sentiment|laterality|"
    r"steering( angle)?|left (and|or|from|versus|vs) right|right (and|or|from|versus|vs) left|ripe\w*|"
    r"colors?|counting|crowd counting|"
    r"orientation|pose estimation|rotation (angle|estimation|prediction)|tilt|time of day|spoken \w+|"
    r"speech( commands?| recognition)?|voice commands?|keyword spotting|"
    r"size (estimation|measurement)|grading by size|named entit\w*|ner|handedness|gaze( direction)?|"
    r"arrows?|heading|negation|polarity|entailment|grammar\w*)\b"
)
SIGNS = re.compile(
    r"\b(digits?|mnist|emnist|svhn|numerals?|meter ?readings?|meter readers?|read(ing)? (the )?meters?|"
    r"ocr|letters|characters?|glyphs?|handwrit\w*|(license|number) plates?|"
    r"captchas?|text (recognition|reading)|alphabet|kanji|hiragana|braille|house numbers|serial "
    r"numbers?|odometers?|zip codes?|postal codes?|cheque amounts?)\b"
)
ROADS = re.compile(
    r"\b(traffic signs?|road signs?|gtsrb|turn signs?|arrows?|left turn|right turn|turn left|turn right|"
    r"sign language|hand side)\b"
)
COLOURS = {
    "red",
    "green",
    "blue",
    "yellow",
    "orange",
    "brown",
    "black",
    "white",
    "purple",
    "ripe",
    "unripe",
    "overripe",
    "amber",
}
SIDES = {"left", "right", "l", "r"}
UPS = {"up", "down", "upright", "upside", "inverted", "rotated", "clockwise", "counterclockwise"}
NOT_THE_LABEL = re.compile(
    r"\b(apply (to )?(the )?(masks?|labels?|boxes|bbox\w*|keypoints|targets?)|(transform|augmentation|"
    r"flip|rotate) (the )?(masks?|labels?|boxes|bbox\w*|keypoints|targets?)|"
    r"(masks?|labels?|boxes|bbox\w*|keypoints) (transformed|augmented|too|also|as well)|sync\w* (masks?|"
    r"labels?)|joint( transform)?|paired|same transform (for|to) masks?)$"
)


def conflicts(plan: View, data: Known) -> Iterator[Risk]:
    """Several tasks: what leaves one label alone changes another."""
    names = _task_names(plan, data)
    regression = data.classification is False
    for transform in plan.transforms:
        for kinds, pattern, what in CONFLICTS:
            if transform.name not in kinds or not _strong(transform, what):
                continue
            hit = next((name for name in names if pattern.search(name)), None)
            if hit is None:
                continue
            if len(names) > 1 or regression:
                yield Risk(
                    "augmentation_conflicts_with_task",
                    "high",
                    transform.key,
                    f"The {transform.name} changes {what}, which is what “{hit}” asks for, and the "
                    "label stays as it was.",
                    f"Leave the {transform.name} out, or change the label of “{hit}” with it.",
                )
            else:
                yield _changes(
                    transform,
                    f"The {transform.name} changes {what}, which is what “{hit}” asks for, and the "
                    "label stays as it was.",
                )
            break


def labels(plan: View, data: Known) -> Iterator[Risk]:
    """One task: the project, its classes or the pictures themselves say that the change turns one into
    another.
    """
    signs, roads = SIGNS.search(plan.content), ROADS.search(plan.content)
    classes = _classes(plan, data)
    named = _task_names(plan, data)
    told = " ".join(TELLING.findall(_about(plan))[0]) if TELLING.search(_about(plan)) else ""
    measured = mirror.pairs(
        data, {t.name for t in plan.transforms} | {"half turn" for t in plan.transforms if _turned(t) >= 150}
    )
    for transform in plan.transforms:
        reason = _seen(transform, measured) or _by_content(transform, signs, roads, classes)
        if (
            not reason
            and told
            and not any(pattern.search(name) for _, pattern, _ in CONFLICTS for name in named)
        ):
            reason = next(
                (
                    f"The {transform.name} changes {what}, which is what this project is about "
                    f"({_first(pattern, told)}), and the label stays as it was."
                    for kinds, pattern, what in CONFLICTS
                    if transform.name in kinds and pattern.search(told) and _strong(transform, what)
                ),
                "",
            )
        if reason:
            yield _changes(transform, reason)
    apart = next((one for one in plan.written.all(NOT_THE_LABEL.pattern) if truth(one.value) is False), None)
    moved = next(
        (t for t in plan.transforms if t.name in (*TURNS, "crop", "zoom", "translation", "elastic")), None
    )
    if apart is not None and moved is not None:
        yield Risk(
            "augmentation_changes_labels",
            "high",
            apart.key,
            f"The {moved.name} moves the picture and not its labels, so each label lies on the wrong place.",
            f"Move the labels with the picture: set {apart.key} to true.",
        )


def _changes(transform: Transform, reason: str) -> Risk:
    less = (
        "or turn by at most 15 degrees"
        if transform.name == "rotation"
        else "or take examples away that turn into another class"
    )
    return Risk(
        "augmentation_changes_labels",
        "high",
        transform.key,
        reason,
        f"Leave the {transform.name} out{', ' + less if transform.name == 'rotation' else ''}.",
    )


def _seen(transform: Transform, measured: dict[str, tuple[str, str, float]]) -> str:
    """What was measured on the pictures: one class changed this way looks like another."""
    kind = "half turn" if transform.name == "rotation" else transform.name
    if kind not in measured:
        return ""
    one, other, share = measured[kind]
    return (
        f"After the {transform.name} {share:.0%} of the pictures of “{one}” look like “{other}”, "
        "and the label stays as it was."
    )


def _by_content(
    transform: Transform, signs: re.Match[str] | None, roads: re.Match[str] | None, classes: set[str]
) -> str:
    if signs and (transform.name in MIRRORS or _turned(transform) >= TURNED):
        turn = (
            "turned far, a 6 is a 9"
            if transform.name == "rotation"
            else "mirrored, a sign is another sign or none"
        )
        return f"The plan reads {signs[0]}, and {turn}, while the label stays as it was."
    if roads and transform.name in MIRRORS:
        return (
            f"The plan tells {roads[0]} apart, and mirrored, left becomes right while the label "
            "stays as it was."
        )
    if {"left", "right"} <= {word for name in classes for word in name.split()} and transform.name in (
        "horizontal flip",
        "flip",
    ):
        return "Classes say left and right, and the flip swaps them while the label stays as it was."
    if len(classes & UPS) >= 2 and (transform.name in MIRRORS or _turned(transform) >= TURNED):
        return (
            f"Classes say which way up ({listed(sorted(classes & UPS))}), and the {transform.name} "
            "changes it while the label stays."
        )
    if len({word for name in classes for word in name.split()} & COLOURS) >= 2 and transform.name == "hue":
        return "Classes are told apart by colour, and this changes colours while the label stays as it was."
    return ""


def _turned(transform: Transform) -> float:
    """The degrees of a rotation; 0 of what does not turn. Library steps by quarters count as 90."""
    if transform.name != "rotation":
        return 0.0
    if re.search(r"rot(ate)? ?90|random rotate ?90|rotate90|quarter", transform.said):
        return 90.0
    if transform.amount is None:
        return 0.0
    if transform.amount <= 1 and re.search(r"random rotation", transform.said) and "factor" in transform.said:
        return 360.0 * transform.amount
    return transform.amount


def _strong(transform: Transform, what: str) -> bool:
    """A tilt of a few degrees leaves the way something stands as it was."""
    if (
        transform.name in ("rotation", "shear")
        and transform.amount is not None
        and "90" not in transform.said
    ):
        return transform.amount >= TILTED or (transform.name == "shear" and 0.15 <= transform.amount <= 1)
    return True


def _task_names(plan: View, data: Known) -> list[str]:
    """The tasks, or the one target, in plain words: by the data where it has several targets, and by the
    plan.
    """
    names = [task.value for task in plan.tasks]
    if data.here and len(data.sample.targets) > 1:
        names += [name for target in data.sample.targets if (name := words(target.name)) not in names]
    if not names and plan.target is not None:
        names = [words(plan.target.value)]
    return names


def _classes(plan: View, data: Known) -> set[str]:
    found = {words(name) for name in data.counts} if data.here else set()
    for one in plan.settings(r"\b(classes|class names|labels|categories|label names)$"):
        if isinstance(one.value, list):
            found |= {words(item) for item in one.value if isinstance(item, str)}
        elif isinstance(one.value, str) and len(one.value) < 200:
            found |= {words(item) for item in re.split(r"[,;/|]", one.value)}
    return found | {words(name) for name in data.counts}


def _about(plan: View) -> str:
    """The project in its own words, without paths."""
    return " ".join(
        one.said
        for one in plan.settings(
            r"^(project|title|description|name|task|goal|problem|objective|use case|about|experiment)( "
            r"name| type| description)?$|\b(description|project|goal|task)$"
        )
        if isinstance(one.value, str)
    )


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[0] if found else ""


RULES = (conflicts, labels)
