"""The marks of a risk: chip, pips, rail, source; the same on every page.

Each is decoration beside words that carry the meaning, and needs neither script nor inline style.
"""

from __future__ import annotations

import re

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

_JOINTS, _BREAK = re.compile("([_/])"), SafeString("<wbr>")

LONGEST_AMOUNT = 48  # characters; longer cells are sentences
_INSIDE = re.compile(r" (?!\()")

LEVELS = ("minimal", "low", "moderate", "high", "critical")
SOURCES = {"measured": "Measured", "answered": "Answered", "estimated": "Estimated"}


def word(level: str) -> str:
    """The level as it is written on the page."""
    return level.capitalize() if level in LEVELS else "Not enough to say"


register.filter("level_word", word)


@register.filter
def breakable(text: str) -> SafeString:
    """Names of columns and files may break after each _ and /, so that a narrow table stays whole."""
    return format_html_join(
        "", "{}{}", ((part, _BREAK if part in ("_", "/") else "") for part in _JOINTS.split(text))
    )


@register.filter
def amount(text: str) -> str:
    """A number keeps its unit and a range its ends on one line; "3.8 s (3.5 s to 4.2 s)" may break once."""
    if len(text) > LONGEST_AMOUNT:
        return text
    return _INSIDE.sub("\N{NO-BREAK SPACE}", text)


@register.simple_tag
def pips(level: str) -> SafeString:
    """Five rising bars, as many lit as the level is high."""
    lit = LEVELS.index(level) + 1 if level in LEVELS else 0
    return format_html(
        '<svg class="pips {}" aria-hidden="true"><use href="#pips-{}"/></svg>', css_class(level), lit
    )


@register.simple_tag
def chip(level: str, size: str = "") -> SafeString:
    """Pips and the level's word on its tint; ``size`` may be "large"."""
    return format_html(
        '<span class="chip {} {}">{}{}</span>', css_class(level), size, pips(level), word(level)
    )


@register.filter
def css_class(level: str) -> str:
    return level if level in LEVELS else "unknown"


@register.simple_tag
def source(basis: str, text: str = "") -> SafeString:
    """Where a number comes from: a dot, and the word."""
    basis = basis if basis in SOURCES else "estimated"
    return format_html(
        '<span class="source"><svg aria-hidden="true"><use href="#source-{}"/></svg>{}</span>',
        basis,
        text or SOURCES[basis],
    )


@register.simple_tag
def source_dot(basis: str) -> SafeString:
    """The dot alone, for places where the word stands in a hidden label."""
    return format_html('<svg aria-hidden="true"><use href="#source-{}"/></svg>', basis)


@register.simple_tag
def rail(
    score: float | None, low: float | None = None, high: float | None = None, level: str = "", size: str = ""
) -> SafeString:
    """The five bands with the score's 90 % range and its point; hatched when there is no score."""
    if score is None:
        return format_html(
            '<svg class="rail {}" aria-hidden="true">'
            '<rect x="0" y="25%" width="100%" height="50%" rx="2" fill="url(#hatch)"/></svg>',
            size,
        )
    low, high = score if low is None else low, score if high is None else high
    return format_html(
        '<svg class="rail {} {}" aria-hidden="true">{}'
        '<rect class="range" x="{}%" width="{}%" y="6" height="8"/>'
        '<circle class="point" cx="{}%" cy="50%" r="6.5"/></svg>',
        size,
        css_class(level),
        _bands(),
        f"{low:g}",
        f"{max(high - low, 0.5):g}",
        f"{score:g}",
    )


@register.simple_tag
def move(before: float, after: float, level: str) -> SafeString:
    """A small rail on which a score goes from where it is to where an action would bring it."""
    return format_html(
        '<svg class="rail mini {}" aria-hidden="true">{}'
        '<line class="move" x1="{}%" x2="{}%" y1="50%" y2="50%"/>'
        '<circle class="was" cx="{}%" cy="50%" r="5"/>'
        '<circle class="point" cx="{}%" cy="50%" r="5.5"/></svg>',
        css_class(level),
        _bands(),
        f"{after:g}",
        f"{before:g}",
        f"{before:g}",
        f"{after:g}",
    )


@register.simple_tag
def chance(at: float, low: float, high: float) -> SafeString:
    """How likely something is, 0 to 100, on a plain line: a chance has no level, and no level's colour."""
    return format_html(
        '<svg class="chance" aria-hidden="true"><rect width="100%"/><rect class="range" x="{}%" width="{}%"/>'
        '<circle cx="{}%"/></svg>',
        round(low),
        max(round(high) - round(low), 1),
        round(at),
    )


@register.simple_tag
def chance_move(before: float, after: float) -> SafeString:
    """The same line, with the way from one chance to the next."""
    return format_html(
        '<svg class="chance" aria-hidden="true"><rect width="100%"/><line x1="{}%" x2="{}%" y1="10" y2="10"/>'
        '<circle class="was" cx="{}%"/><circle cx="{}%"/></svg>',
        *(round(end) for end in (before, after, before, after)),
    )


@register.simple_tag
def split(before: float, anew: float | None, after: float, level: str) -> SafeString:
    """A rail from an earlier score to a later one: dotted what new rules did, solid what the project did."""
    middle = before if anew is None else anew
    return format_html(
        '<svg class="rail {}" aria-hidden="true">{}'
        '<line class="ruled" x1="{}%" x2="{}%" y1="50%" y2="50%"/>'
        '<line class="move" x1="{}%" x2="{}%" y1="50%" y2="50%"/>'
        '<circle class="was" cx="{}%" cy="50%" r="5"/>'
        '<circle class="point" cx="{}%" cy="50%" r="6.5"/></svg>',
        css_class(level),
        _bands(),
        *(f"{end:g}" for end in (before, middle, middle, after, before, after)),
    )


def _bands() -> SafeString:
    return format_html_join(
        "",
        '<rect class="b b{}" x="{}%" y="25%" width="19.6%" height="50%"/>',
        ((place + 1, place * 20) for place in range(5)),
    )
