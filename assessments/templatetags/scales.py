"""The scale of a check: the levels in their places, with values beneath; and where a finding stands."""

from __future__ import annotations

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from assessments.dashboards import finding_rows
from assessments.dashboards.method.scales import Scale

register = template.Library()

EDGE = 3.0  # percent from an end at which words are set inside and not across it


@register.filter
def anchored(probe: str) -> str:
    """Where the probe's finding stands on the report."""
    return finding_rows.anchor({"probe": probe})


@register.simple_tag
def scale(one: Scale) -> SafeString:
    """Bands as far as the scale goes, a hairline where it cannot reach, ticks, and the aim as a ring."""
    aim = (
        "" if one.aim is None else format_html('<circle class="was" cx="{}%" cy="9" r="5"/>', f"{one.aim:g}")
    )
    return format_html(
        '<svg class="scale" aria-hidden="true">'
        '<line class="rest" x1="0" x2="100%" y1="9" y2="9"/>{}{}{}</svg>',
        format_html_join(
            "",
            '<rect class="b{}" x="{}%" width="{}%" y="4" height="10" rx="2"/>',
            ((place, f"{start:g}", f"{width:g}") for place, start, width in bands(one)),
        ),
        format_html_join(
            "",
            '<text x="{}%" y="30" text-anchor="{}">{}</text>',
            ((f"{tick.at:g}", _anchored(tick.at), tick.text) for tick in one.ticks),
        ),
        aim,
    )


def bands(one: Scale) -> list[tuple[int, float, float]]:
    """(level from 1, start, width) in percent, of each level that the scale reaches."""
    found = []
    for place in range(5):
        start, end = max(one.start, place * 20), min(one.end, place * 20 + 20)
        if end > start:
            found.append((place + 1, start, round(end - start - (0.4 if end < one.end else 0), 2)))
    return found


def _anchored(at: float) -> str:
    return "start" if at <= EDGE else "end" if at >= 100 - EDGE else "middle"
