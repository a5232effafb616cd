"""What a probe says, without anybody's data in it: the last step before a finding leaves its process.

Probes show examples: spellings, classes, odd values. Here, and only here, no probe can forget to mask them.
Three rules, on every text of a finding, its keys included: what has the shape of personal data or of a
secret is masked; what is, word for word, a cell of a column that holds personal data is masked, numbers
included; and a common first name with a word in capitals behind it is masked in a longer text.
Prepare notes which columns hold personal data (``note``), by some hundred cells of each.
Not recognised: a name in running text that stands in no column of names and on no list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from workers.probes.base import Finding, Sample
from workers.probes.security.secrets.patterns import NARROW
from workers.sql import quoted

FILE = "personal.json"
LOOKED = 300  # cells of a column by which it is judged
MOST_COLUMNS = 400  # of a very wide table that are judged
MOST_WORDS = 8  # of one cell of a column of names or addresses that is looked for in a text
MOST_PHRASES = 400_000
CUT = 20  # characters by which a cell that was cut for display is still known
PICTURE = "data:"  # how a picture starts in facts
SHORTEST = 3
MARKS = "“”\"'‘’()[]{}<>,.;:!?…«»"
QUOTED = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|“[^”\n]*”|‘[^’\n]*’")
LONG_NUMBER = re.compile(r"[\d][\d .\-/]{5,}\d")
WORD = re.compile(r"\S+")
NEEDS_A_LOOK = re.compile(
    r"[@＠]|[(\[{]\s?at\s|\d.*\d.*\d.*\d|(?i:pass|pwd|kennwort|contrase|senha|key|secret|token|bearer)|://|"
    + NARROW,
    re.S,
)


# -- which columns ------------------------------------------------------------------------------------
def note(folder: Path) -> dict[str, str]:
    """Column -> kind of personal data, of a prepared folder, written beside its manifest."""
    sample = Sample(folder)
    columns = _judged(sample)
    (folder / FILE).write_text(json.dumps(columns, ensure_ascii=False), "utf-8")
    return columns


def noted(sample: Sample) -> dict[str, str]:
    """What ``note`` found; judged now where nobody has."""
    if sample.folder is None:
        return {}
    path = sample.folder / FILE
    return json.loads(path.read_text("utf-8")) if path.exists() else _judged(sample)


def _judged(sample: Sample) -> dict[str, str]:
    from workers.probes.security.personal_data import columns, files, names
    from workers.probes.security.secrets import of_passwords

    found: dict[str, str] = {}
    if sample.folder is None or not (sample.folder / "data.duckdb").exists():
        return found  # without a table there are no cells to hide
    with sample.table() as table:
        if sample.kind in ("images", "audio") and any(hit.kind == "name" for hit in files.hits(table)):
            found[files.COLUMN] = "name"
        for column in sample.columns[:MOST_COLUMNS]:
            counted = sample.census[column.name]
            hint = names.header_kind(column.name)
            filled, length = counted["filled"], counted.get("length") or {"max": 0, "mean": 0}
            if not filled or (length["max"] or 0) < columns.SHORTEST or (length["mean"] or 0) > 200:
                continue
            if counted["numbers"] >= filled and (counted.get("high") or 0) < columns.LONG_NUMBER:
                continue
            step, name = max(1, filled // LOOKED), quoted(column.name)
            look = table.execute(
                f"SELECT _id, _row, {name} FROM rows WHERE _id % {step} = 0 AND trim({name}) <> ''"  # noqa: S608 - quoted
                f" ORDER BY _id LIMIT {2 * LOOKED}"
            ).fetchall()
            kind = columns.of_a_kind(column.name, hint, look)
            if kind is not None:
                found[column.name] = kind[0]
            elif of_passwords(column.name, [cell for _, _, cell in look]):
                found[column.name] = "secret"
    return found


# -- findings -----------------------------------------------------------------------------------------
def masked(finding: Finding, sample: Sample) -> Finding:
    """The same finding with nothing in it that names anyone or opens anything."""
    texts = set(_texts([finding.note, finding.title, finding.facts]))
    cells = _cells(sample, texts)
    seen = {one: _phrases_masked(of_text(one), cells) for one in texts}
    return replace(
        finding,
        note=seen[finding.note],
        title=seen[finding.title],
        facts=_replaced(finding.facts, seen, cells),
    )


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON-like value, the keys of objects included, and large numbers as texts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _texts(item)
    elif (number := _large(value)) is not None:
        yield number


def _large(value: Any) -> str | None:
    """A whole number of seven digits or more, as a cell would write it."""
    if isinstance(value, bool) or not hasattr(value, "__int__") or not hasattr(value, "__abs__"):
        return None
    try:
        return str(int(value)) if abs(value) >= 1e7 and value == int(value) else None
    except (TypeError, ValueError, OverflowError):
        return None


def _replaced(value: Any, seen: dict[str, str], cells: dict[str, str]) -> Any:
    if isinstance(value, str):
        return seen[value]
    if isinstance(value, dict):
        return {_key(key, seen): _replaced(item, seen, cells) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(item, seen, cells) for item in value]
    if isinstance(value, set | frozenset):
        return sorted({_replaced(item, seen, cells) for item in value})
    number = _large(value)
    if number is not None and (number in cells or seen[number] != number):
        return float(f"{float(value):.1e}")
    return value


def _key(key: Any, seen: dict[str, str]) -> Any:
    return seen[key] if isinstance(key, str) else key


# -- documents ----------------------------------------------------------------------------------------
def of_document(value: Any) -> Any:
    """A plan or answers with nothing in keys and texts that has the shape of personal data or of a secret,
    nor what a key such as "password" says is one."""
    from workers.probes.security.secrets.documents import opens

    if isinstance(value, str):
        return of_text(value)
    if isinstance(value, Mapping):
        return {
            of_text(key) if isinstance(key, str) else key: "***"
            if isinstance(item, str) and opens(str(key), item)
            else of_document(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [of_document(item) for item in value]
    return value


# -- shapes -------------------------------------------------------------------------------------------
def of_text(text: str) -> str:
    """A text with everything masked that has the shape of personal data or of a secret."""
    if len(text) < SHORTEST or text.startswith(PICTURE):
        return text
    if NEEDS_A_LOOK.search(text):
        text = _put(text, _shapes(text))
        if "_" in text:
            text = _put(text, _glued(text))
    return _put(text, _named(text)) if text.count(" ") >= 3 else text


def of_file_name(stem: str) -> str:
    """The name of an upload, its ending aside, with nobody in it."""
    from workers.probes.security.personal_data import files

    return files.without_people(of_text(stem))


def of_error(error: BaseException) -> str:
    """An error for the log: its type, and its text without what it quotes and without long numbers."""
    text = LONG_NUMBER.sub("***", QUOTED.sub("'***'", str(error)[:2000]))
    return f"{type(error).__name__}: {of_text(text)}"


def _shapes(text: str) -> list[tuple[int, int, str]]:
    from workers.probes.security.personal_data.patterns import PATTERNS
    from workers.probes.security.personal_data.scan import matches, spelt, told_before
    from workers.probes.security.secrets.patterns import found

    spans = list(found(text))
    text = spelt(text)
    for place, match in matches(text):
        pattern = PATTERNS[place]
        if pattern.check is None or pattern.check(match.group()):
            by_itself = pattern.cue is None and pattern.alone  # "born on ..." says it in its own words
            checked = by_itself or (pattern.check is not None and (pattern.alone or pattern.pooled))
            if checked or (pattern.cue is not None and told_before(pattern.cue, text, match.start())):
                spans.append((*match.span(), pattern.kind))
    return spans


def _glued(text: str) -> list[tuple[int, int, str]]:
    """Accounts and addresses between underscores, as in names of files: "DE89370400440532013000_26"."""
    from workers.probes.security.personal_data.patterns import PATTERNS
    from workers.probes.security.personal_data.scan import matches

    found = ((match, PATTERNS[place]) for place, match in matches(text.replace("_", " ")))
    return [
        (*match.span(), one.kind) for match, one in found
        if one.kind in ("email", "iban") and (one.check is None or one.check(match.group()))
    ]  # fmt: skip


def _named(text: str) -> list[tuple[int, int, str]]:
    from workers.probes.security.personal_data import running
    from workers.probes.security.personal_data.names import FIRST_NAMES, PAIR

    pairs = [(*m.span(), "name") for m in PAIR.finditer(text) if m.group(1).lower() in FIRST_NAMES]
    return pairs + [(one.start, one.end, one.kind) for one in running.found(text)]


def _put(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    from workers.probes.security.personal_data.patterns import masked as mask

    end_before, parts = 0, []
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start < end_before:
            continue
        parts += [text[end_before:start], "***" if kind not in _SHOWN else mask(text[start:end], kind)]
        end_before = end
    return "".join([*parts, text[end_before:]])


_SHOWN = ("email", "name", "name_street", "address", "phone", "card", "national_id", "ip", "birth_date")


# -- cells of columns of personal data ------------------------------------------------------------------
def _cells(sample: Sample, texts: set[str]) -> dict[str, str]:
    """Phrase -> mask, of every phrase in the texts that is a cell of a column of personal data."""
    from workers.probes.security.personal_data import files
    from workers.probes.security.personal_data.patterns import masked as mask

    columns = noted(sample)
    if not columns:
        return {}
    phrases = {phrase for text in texts for _, _, phrase in _phrases(text)}
    known: dict[str, str] = {}
    if not phrases or len(phrases) > MOST_PHRASES:
        return known
    if columns.pop(files.COLUMN, None) is not None:
        called = ((phrase, files.somebody(phrase) or files.like_somebody(phrase)) for phrase in phrases)
        known |= {phrase: files.masked_name(phrase, name) for phrase, name in called if name is not None}
    if not columns:
        return known
    with sample.table() as table:
        table.execute("CREATE TEMP TABLE said AS SELECT unnest(?) AS phrase", [sorted(phrases)])
        for column, kind in columns.items():
            name = f"trim({quoted(column)})"
            got = table.execute(
                f"""SELECT phrase FROM said WHERE phrase IN (SELECT {name} FROM rows)
                UNION SELECT phrase FROM said SEMI JOIN rows
                ON left(phrase, {CUT}) = left({name}, {CUT}) AND starts_with({name}, phrase)
                WHERE length(phrase) >= {CUT}"""  # noqa: S608 - quoted
            ).fetchall()
            known |= {phrase: mask(phrase, kind) for (phrase,) in got}
    return known


def _phrases(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and phrase of up to MOST_WORDS words in a row, without the marks around them."""
    if len(text) < SHORTEST or text.startswith(PICTURE):
        return
    words = [match.span() for match in WORD.finditer(text)]
    for i, (start, _) in enumerate(words):
        for _, end in words[i : i + MOST_WORDS]:
            whole = text[start:end]
            bare = whole.strip(MARKS)
            for phrase in (whole, bare) if bare != whole else (whole,):
                if len(phrase) >= SHORTEST:
                    at = start + whole.index(phrase)
                    yield at, at + len(phrase), phrase
    stripped = text.strip()
    if len(words) > MOST_WORDS and len(stripped) <= 200:
        at = text.index(stripped)
        yield at, at + len(stripped), stripped


def _phrases_masked(text: str, cells: dict[str, str]) -> str:
    if not cells:
        return text
    spans = [(start, end, phrase) for start, end, phrase in _phrases(text) if phrase in cells]
    end_before, parts = 0, []
    for start, end, phrase in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= end_before:
            parts += [text[end_before:start], cells[phrase]]
            end_before = end
    return "".join([*parts, text[end_before:]])
