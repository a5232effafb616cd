"""Text that was sent as a model file: tables and notes run nothing, but for formulas in a spreadsheet."""

from __future__ import annotations

import codecs
import re
from typing import Any

from workers.probes.security.unsafe_files import texts
from workers.probes.security.unsafe_files.look import CELLS, FORMULAS, MB, Look, Where

MOST = 16 * MB  # bytes that are read
TABLES = {".csv": "table (CSV)", ".tsv": "table (TSV)"}
# Small whole numbers look like UTF-16 too, so without a mark a text must be ASCII for the most part.
UNMARKED = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
# Signs that no text holds; tabs, line ends, form feeds and escapes may stand in one.
NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\x80-\x9f]")
# A cell, bare or in quotes, that calls a function, names a program or holds an address; a sum alone is none.
FORMULA = re.compile(
    r"(?:^|[,;\t|])[\"']?\s*[=+\-@](?:[^,;\n]{0,80}?[A-Za-z_][\w.]*\(|[^\n]{0,200}\|[^\n]{0,200}!|[^\n]{0,200}://)",
    re.MULTILINE,
)


def kind(data: Any, ending: str, *, whole: bool) -> str | None:
    """What kind of text it is; None for anything else."""
    text = _decoded(data, ending)
    if text is None or NO_TEXT.search(text):
        return None
    return TABLES.get(ending, "text")


def formulas(look: Look, data: Any, where: Where, what: str) -> None:
    """Cells that a spreadsheet would run, of a table that came as a model file."""
    found = FORMULA.search(_decoded(data, "") or "") if what in TABLES.values() else None
    if found is not None:
        look.hit(where, FORMULAS, what, "a formula, when a spreadsheet opens it", CELLS)


def _decoded(data: Any, ending: str) -> str | None:
    raw = bytes(data[:MOST])
    code = texts.encoding(raw)
    # Windows-1252 fits nearly any bytes, so only a table by its name is tried in it.
    for one in (code, *(("cp1252",) if code == "utf-8" and ending in TABLES else ())):
        try:
            text = codecs.getincrementaldecoder(one)().decode(raw, final=len(raw) == len(data))
        except UnicodeError:
            continue
        return text if one not in UNMARKED or 2 * sum(map(str.isascii, text)) > len(text) else None
    return None
