"""Pictures and pages of text: what a browser would run when it shows an SVG or HTML file."""

from __future__ import annotations

import re

from workers.probes.security.unsafe_files.look import EXECUTABLE, Look, Where

START = re.compile(r"\s*(?:<\?xml|<!doctype|<!--|<svg|<html|<head|<body|<script)", re.IGNORECASE)
MOST = 16 * 2**20  # bytes of one such file
RULES = (
    (re.compile(r"<\s*(?:\w+:)?script\b", re.IGNORECASE), "a script"),
    (re.compile(r"<[^>]{0,4000}[\s/\"']on[a-z]{3,20}\s*=", re.IGNORECASE), "a script in an attribute"),
    (re.compile(r"(?:href|src|action|from|to|values)\s*=\s*[\"']?\s*(?:java|vb)script\s*:", re.IGNORECASE),
     "a script in a link"),
    (re.compile(r"=\s*[\"']?\s*data:(?:text/html|image/svg|application/(?:x-)?(?:java|ecma)script)",
                re.IGNORECASE), "a page inside a link"),
    (re.compile(r"<\s*(?:\w+:)?(?:iframe|embed|object|foreignObject|handler|listener)\b", re.IGNORECASE),
     "a page inside the picture"),
    (re.compile(r"<!ENTITY\b", re.IGNORECASE), "a definition that fetches or unfolds other text"),
    (re.compile(r"<\s*(?:\w+:)?(?:use|image|feImage)\b[^>]{0,4000}href\s*=\s*[\"']?\s*(?:https?:|//)",
                re.IGNORECASE), "a fetch from another place"),
)  # fmt: skip
HIDDEN = re.compile(r"&#(?:x([0-9a-f]{1,6})|([0-9]{1,7}));?", re.IGNORECASE)


def begins(text: str) -> bool:
    """Whether a text begins like markup."""
    return START.match(text) is not None


def markup(look: Look, text: str, where: Where) -> str:
    """Tells scripts; -> what the file is."""
    picture = re.search(r"<\s*(?:\w+:)?svg\b", text, re.IGNORECASE) is not None
    what = "SVG picture" if picture else "web page"
    plain = HIDDEN.sub(_character, text).replace("\0", "")
    for rule, says in RULES:
        if rule.search(plain):
            look.hit(where, EXECUTABLE, what, f"{says}, in whatever shows it")
    return what


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16) if found[1] else int(found[2])
    return chr(code) if code < 0x110000 else ""
