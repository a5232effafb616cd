"""Tags of a YAML text that make its loader build an object, resolved as a loader resolves them.

A tag is written ``!!python/name:x``, ``!<tag:yaml.org,2002:python/name:x>``, or behind a handle that a %TAG
directive declares, and any part of it may be escaped by the percent sign (YAML 1.1 and 1.2, 6.8.2 and 6.9.1).
So each is put together before it is judged. A %TAG counts for the whole file: over-careful, but no second
document can then talk a tag out of the first.
"""

from __future__ import annotations

import re
from collections import defaultdict
from urllib.parse import unquote

HOME = "tag:yaml.org,2002:"
DIRECTIVE = re.compile(r"%TAG[ \t]+(!(?:[\w-]*!)?)[ \t]+(\S{1,2000})")
# Where a token may begin: at a space, an indicator of a list or mapping, or the line's start.
TAG = re.compile(
    r"(?<![^\s\[{,:])!(?:<([^>\s]{1,2000})|((?:[\w-]*!)?)([\w\-;/?:@&=+$,.!~*'()\[\]%]{1,2000}))"
)
BUILDS = re.compile(
    rf"{re.escape(HOME)}(?:python/(?:object|name|module|apply|new)|java[x.]|ruby/|[a-z]+\.[\w.]{{3}})"
    r"|!ruby/\w|tag:ruby\.yaml\.org"
)
MOST = 500_000  # a text has as many tags at most, each behind each of the prefixes of its handle


class TooMany(Exception):  # noqa: N818
    """More tags than any settings have."""


def built(text: str) -> list[str]:
    """The tags that build objects, without YAML's own prefix, each once.

    Raises TooMany where a text has more tags than can be followed.
    """
    # str.splitlines also ends a line, and so a comment, where YAML 1.1 does: at U+0085, U+2028 and U+2029.
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    prefixes: dict[str, dict[str, None]] = defaultdict(dict, {"!": {"!": None}, "!!": {HOME: None}})
    for line in lines:
        if found := DIRECTIVE.match(line):
            prefixes[found[1]][unquote(found[2])] = None
    left, tags = MOST, {}
    for verbatim, handle, suffix in dict.fromkeys(TAG.findall("\n".join(lines))):
        starts = [""] if verbatim else prefixes.get(f"!{handle}", ())
        left -= len(starts)
        if left < 0:
            raise TooMany
        rest = unquote(verbatim or suffix)
        tags.update(dict.fromkeys(start + rest for start in starts if BUILDS.match(start + rest)))
    return [tag.removeprefix(HOME) for tag in tags]
