# ruff: noqa: S608 - names and words that go into SQL are quoted by quoted() and literal()
"""What stands in a table where nothing is known: words in many languages, and which columns hold them.

A word is plain when it can mean nothing else ("n/a", "?"), and doubtful when it may as well be a category of
its own ("none", "unknown"). ``workers.inputs`` reads a few of the plain ones as NULL in ``typed``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workers.inputs.columns import present
from workers.probes.base import Column, Sample

if TYPE_CHECKING:
    import duckdb

MOST_ROWS = 2_000  # places listed of one fault
AT_ONCE = 50  # columns counted in one statement
MOST_SCANNED = 200  # columns with more than 50 different texts that are read whole
LONGEST = 20  # characters of a word for "nothing"
FACTS = {"images": 7, "audio": 9}  # the last columns of media tables are prepare's own measurements

# Words that every reader of tables takes for "no value"; one of them alone is no fault of the table.
STANDARD = frozenset(("", "na", "nan", "null", "none", "<na>", "\\n", "#n/a"))
PLAIN = STANDARD - {"none"} | frozenset(
    word.strip()
    for word in """
    n/a | n.a. | n.a | n\\a | #na | -nan | ? | ?? | ??? | - | -- | --- | – | — | . | .. | ... | * | ** | _ | /
    missing | (missing) | not available | no data | nodata | no value | no answer | no response | undefined
    not specified | unspecified | not provided | not reported | not recorded | not stated | not given | tbd
    tba | tbc | blank | (blank) | empty | (empty) | (null) | [null] | #null! | #value! | #ref! | #div/0!
    #num! | #name? | k.a. | k. a. | k.a | keine angabe | keine angaben | ohne angabe | o.a. | fehlt | fehlend
    nicht bekannt | nicht verfügbar | nicht angegeben | keine daten | non renseigné | non renseigne
    non communiqué | non disponible | n.d. | n/d | s/d | s.d. | sin datos | sin dato | sin información
    sin informacion | no disponible | no informado | não informado | nao informado | não disponível
    sem informação | non disponibile | non noto | geen opgave | niet bekend | saknas | uppgift saknas
    ikke oplyst | ikke oppgitt | brak danych | b.d. | neuvedeno | nincs adat | нет данных | н/д | не указано
    немає даних | belirtilmemiş | 未填写 | 无数据 | データなし | 記載なし | 자료 없음 | 정보 없음
    """.replace("\n", "|").split("|")
    if word.strip()
)
DOUBTFUL = frozenset(
    word.strip()
    for word in """
    none | nil | unknown | unk | not known | not applicable | nd | nr | xxx | unbekannt | inconnu | inconnue
    desconocido | desconocida | desconhecido | ignorado | sconosciuto | onbekend | okänd | okänt | ukjent
    ukendt | tuntematon | nieznany | nieznane | brak | neznámý | ismeretlen | necunoscut | неизвестно
    невідомо | bilinmiyor
    不明 | 未知 | 不详 | 无 | なし | 없음 | 미상 | 알 수 없음 | غير معروف | לא ידוע | अज्ञात
    """.replace("\n", "|").split("|")
    if word.strip()
)


SIGNS = frozenset(("*", "**", ".", "..", "...", "/", "_"))  # one of these may be a class of its own
FEW_SIGNS = 3  # rows


def quoted(name: str) -> str:
    """A column's name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def blocks(columns: Sequence[Any], size: int = AT_ONCE) -> Iterator[Sequence[Any]]:
    for start in range(0, len(columns), size):
        yield columns[start : start + size]


def judged(sample: Sample) -> list[Column]:
    """The upload's own columns: of pictures and clips without what prepare measured of each file."""
    own = len(sample.columns) - FACTS.get(sample.kind, 0)
    return [column for column in sample.columns[: max(0, own)] if column.role != "split"]


def typed(con: duckdb.DuckDBPyConnection, names: Iterable[str]) -> str:
    """SQL of the view ``typed`` with these columns only.

    The view joins texts and numbers by their place, which reads every column of both whatever is asked;
    joining only what is asked is a hundred times as fast on a wide file.
    """
    wanted = list(dict.fromkeys(names))
    stored = con.execute("SELECT column_name FROM duckdb_columns() WHERE table_name = 'numbers'").fetchall()
    if not stored:
        return "typed"
    numbers = {name for (name,) in stored}
    texts = [f"{present(name)} AS {quoted(name)}" for name in wanted if name not in numbers]
    read = [quoted(name) for name in wanted if name in numbers]
    left = f"(SELECT {', '.join(['_id', '_split', '_file', '_row', *texts])} FROM rows) r"
    beside = f" POSITIONAL JOIN (SELECT {', '.join(read)} FROM numbers) n" if read else ""
    return f"(SELECT * FROM {left}{beside})"


@dataclass
class Words:
    """The words for "nothing" in one column, as they are written there, with how often each stands."""

    plain: dict[str, int] = field(default_factory=dict)
    doubtful: dict[str, int] = field(default_factory=dict)

    @property
    def every(self) -> dict[str, int]:
        return self.plain | self.doubtful


def words(con: duckdb.DuckDBPyConnection, sample: Sample, columns: Sequence[Column]) -> dict[str, Words]:
    """Column -> its words for "nothing", over all rows; columns without any are left out."""
    known = sorted(word for word in PLAIN | DOUBTFUL if word)
    among = "(" + ", ".join(literal(word) for word in known) + ")"
    odd = unfit(sample, [column for column in columns if column.type in ("number", "date")])
    found: dict[str, Words] = {}
    scanned = 0
    for column in columns:
        if column.type in ("number", "date") and not odd[column.name]:
            continue
        census = sample.census[column.name]
        top = [(str(text), int(n)) for text, n in census["top"]]
        if len(top) < census["distinct"] or column.name in odd:
            scanned += 1
            if scanned > MOST_SCANNED:
                continue
            name = quoted(column.name)
            top = con.execute(
                f"SELECT {name}, count(*) FROM rows WHERE length({name}) <= {LONGEST}"
                f" AND lower(trim({name})) IN {among} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 100"
            ).fetchall()
        seen = _sorted(top, census)
        if seen.plain or seen.doubtful:
            found[column.name] = seen
    return found


def unfit(sample: Sample, columns: Sequence[Column]) -> dict[str, int]:
    """Number or date column -> values that are written there and are none, as the census counted."""
    counted = {}
    for column in columns:
        census = sample.census[column.name]
        counted[column.name] = census["filled"] - census["dates" if column.type == "date" else "numbers"]
    return counted


def _sorted(top: Iterable[tuple[str, int]], census: dict[str, Any]) -> Words:
    seen = Words()
    letters = [str(text).strip() for text, _ in census["top"]]
    for text, rows in top:
        word = text.strip().lower()
        if not word or _a_code(text.strip(), letters) or (word in SIGNS and rows < FEW_SIGNS):
            continue
        if word in PLAIN:
            seen.plain[text] = rows
        elif word in DOUBTFUL:
            seen.doubtful[text] = rows
    return seen


def _a_code(word: str, others: Sequence[str]) -> bool:
    """ "NA" among two-letter codes of countries is Namibia."""
    if not word.isalpha() or len(word) > 3:
        return False
    alike = [o for o in others if o.isalpha() and len(o) == len(word) and o.isupper() == word.isupper()]
    return len(alike) >= 6 and len(alike) >= 0.8 * len(others)


def places(
    con: duckdb.DuckDBPyConnection, sample: Sample, condition: str, source: str, total: int | None = None
) -> dict[str, Any]:
    """Where the rows stand that meet an SQL condition: "rows", "splits" where files differ, "count".

    ``total`` is how many there are, where that was counted before. The first 2,000 are listed.
    """
    if total is None:
        counted: Any = con.execute(f"SELECT count(*) FROM {source} WHERE {condition}").fetchone()
        total = int(counted[0])
    found = con.execute(
        f"SELECT _row, _split, _file FROM {source} WHERE {condition} LIMIT {MOST_ROWS}"
    ).fetchall()
    entry: dict[str, Any] = {"count": total}
    if sample.kind in ("images", "audio"):
        return entry | {"files": [file for _, _, file in found]}
    entry["rows"] = [row for row, _, _ in found]
    if len(sample.manifest.get("files", ())) > 1:
        entry["splits"] = [split for _, split, _ in found]
    return entry
