"""Text that was sent as a model file: tables and notes run nothing, but for formulas in a spreadsheet."""

from __future__ import annotations

import codecs
import re
from typing import Any

from workers.probes.security.unsafe_files.look import CELLS, FORMULAS, MB, Look, Where

MOST = 16 * MB  # bytes that are read
TABLES = {".csv": "table (CSV)", ".tsv": "table (TSV)"}
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
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
    mark = next((code for sign, code in MARKS if raw.startswith(sign)), None)
    # Windows-1252 fits nearly any bytes, so only a table by its name is tried in it.
    for code in (mark,) if mark else ("utf-8", *(("cp1252",) if ending in TABLES else ())):
        try:
            return codecs.getincrementaldecoder(code)().decode(raw, final=len(raw) == len(data))
        except UnicodeError:
            continue
    return None
