# ruff: noqa: S608 - names that go into SQL are quoted, words are parameters
"""How much of the data is there twice: equal rows, nearly equal rows, copies on both sides of the split.

Exact copies are found in SQL over the whole upload, by a hash of the canonical row (blanks trimmed, numbers
to 6 significant digits, identifier columns left out); pictures and clips by the hash of what is in the
file. Near copies are looked for in the prepared sample (``near_copies``). In tables with few distinct values
equal rows are no fault: the null is what independent columns would give (sampled by permuting each column),
and for near copies the same features with columns permuted within classes.
Value: copies (all but the first of each group) beyond that null, over all rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.probes.base import SPLITS, Budget, Finding, Sample
from workers.probes.data import near_copies
from workers.probes.intervals import clopper_pearson
from workers.probes.words import count, percent, pieces

MOST_PAIRS = 200
MOST_NEAR, MOST_PICTURES = 8_000, 4_000  # rows and pictures looked at for near copies
NULL_ROWS = 50_000
SILENT = 1e-4  # peak of a clip, of full scale
WIDEST = 200  # columns looked at for what is due to chance and for near copies
BLOCK = 100  # columns put into one hash
MEDIUM, HIGH = 0.01, 0.05  # share of rows
ACROSS_MEDIUM, ACROSS_HIGH = 0.005, 0.02  # share of test rows; probes.md D4
REPEATED_MEDIUM = 0.005
FILE_FACTS = {
    "width",
    "height",
    "mode",
    "bytes",
    "sha256",
    "seconds",
    "rate",
    "channels",
    "duration",
    "sample_rate",
}


def run(sample: Sample, budget: Budget) -> Finding:
    if sample.folder is None or not sample.rows:
        return Finding.skipped("There is no data in this run, so no copies were looked for.")
    budget.progress(0.1, "Looking for equal rows")
    with sample.table() as table:
        bare = _without_content(table, sample)
        exact = _kept(_exact(table, sample)[0], bare)
        copies = len(exact)
        expected = 0.0 if sample.kind in ("images", "audio") else _by_chance(table, sample, budget)
        repeated = _identifiers(table, sample)
    budget.progress(0.5, "Looking for nearly equal rows")
    near, checked = _near(sample, budget, exact)
    near = _kept(near, bare)
    return _finding(sample, exact, copies, expected, near, checked, repeated)


# -- exact --------------------------------------------------------------------------------------------
def _columns(sample: Sample) -> list[str]:
    """Columns that make a row what it is; without identifiers, which would make every copy unique."""
    return [
        c.name
        for c in sample.columns
        if c.type not in ("identifier", "empty") and c.role not in ("split", "ignored")
    ]


def _canonical(sample: Sample) -> list[str]:
    """SQL of a row's canonical text, a block of columns each: one query of thousands takes minutes."""
    names = _columns(sample)
    if sample.kind in ("images", "audio"):
        return ['"sha256"'] if any(c.name == "sha256" for c in sample.columns) else []
    cells = []
    for name in names:
        cell = "trim(" + '"' + name.replace('"', '""') + '")'
        number = f"try_cast({cell} AS DOUBLE)"
        cells.append(
            f"coalesce(CASE WHEN isfinite({number}) THEN format('{{:.5e}}', {number}) END, {cell}, '')"
        )
    return [
        "concat_ws(chr(31), " + ", ".join(cells[i : i + BLOCK]) + ")" for i in range(0, len(cells), BLOCK)
    ]


def _exact(table: Any, sample: Sample) -> tuple[np.ndarray, int]:
    """Pairs int [m, 2] of _id (each copy with the first of its group), and how many copies there are."""
    canonical = _canonical(sample)
    if not canonical:
        return np.empty((0, 2), int), 0
    if len(canonical) > 1:
        key = np.zeros(0, int)
        for block in canonical:
            found = table.execute(f"SELECT md5({block}) FROM rows ORDER BY _id").fetchall()
            codes = np.unique([row[0] for row in found], return_inverse=True)[1].reshape(-1)
            both = np.stack([key if len(key) else codes, codes], axis=1)
            key = np.unique(both, axis=0, return_inverse=True)[1].reshape(-1)
        ids = np.array(table.execute("SELECT _id FROM rows ORDER BY _id").fetchall(), dtype=int).reshape(-1)
        first = np.unique(key, return_index=True)[1][key]
        later = np.flatnonzero(first != np.arange(len(key)))
        pairs = np.stack([ids[first[later]], ids[later]], axis=1)
        return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))], len(pairs)
    query = (
        f"WITH hashed AS (SELECT _id, md5({canonical[0]}) AS h FROM rows), firsts AS"
        " (SELECT h, min(_id) AS first FROM hashed GROUP BY h HAVING count(*) > 1)"
        " SELECT first, _id FROM hashed JOIN firsts USING (h) WHERE _id <> first ORDER BY 1, 2"
    )
    pairs = np.array(table.execute(query).fetchall(), dtype=int).reshape(-1, 2)
    return pairs, len(pairs)


def _without_content(table: Any, sample: Sample) -> np.ndarray:
    """_id of files that hold nothing to compare: broken, empty, cut off or silent."""
    if sample.kind not in ("images", "audio"):
        return np.empty(0, int)
    files = sorted({
        str(file) for fault in sample.manifest.get("faults", ())
        if fault.get("fault") in ("broken_files", "empty_files", "truncated")
        for file in fault.get("files", ())
    })  # fmt: skip
    bare = ["_file IN (SELECT unnest(?))"]
    names = {column.name for column in sample.columns}
    if "problem" in names:
        bare.append("trim(coalesce(\"problem\", '')) <> ''")
    if sample.kind == "audio" and "peak" in names:
        bare.append(f'try_cast("peak" AS DOUBLE) <= {SILENT}')
    query = f"SELECT _id FROM rows WHERE {' OR '.join(bare)}"
    return np.array([row[0] for row in table.execute(query, [files]).fetchall()], dtype=int)


def _kept(pairs: np.ndarray, bare: np.ndarray) -> np.ndarray:
    """The pairs without those of a file that holds nothing."""
    return pairs[~np.isin(pairs, bare).any(axis=1)]


def _by_chance(table: Any, sample: Sample, budget: Budget) -> float:
    """Copies that the same columns would hold if they were independent of one another."""
    names = ['"' + name.replace('"', '""') + '"' for name in _columns(sample)]
    if not names or len(names) > WIDEST:
        return 0.0  # rows of so many columns are not equal by chance
    codes = []
    for name in names:
        query = f"SELECT hash(trim({name})) FROM rows ORDER BY _id LIMIT {NULL_ROWS}"
        values = np.array([row[0] or 0 for row in table.execute(query).fetchall()], dtype=np.uint64)
        codes.append(np.unique(values, return_inverse=True)[1].reshape(-1))
    if max(code.max() for code in codes) > 0.9 * len(codes[0]):
        return 0.0  # one column is nearly unique
    rng = np.random.default_rng(budget.seed)
    copies = []
    for _ in range(5):
        key = np.zeros(len(codes[0]), np.uint64)
        for code in codes:
            key = key * np.uint64(1_000_003) + rng.permutation(code).astype(np.uint64)
        copies.append(len(key) - len(np.unique(key)))
    return float(np.mean(copies)) * sample.rows / len(codes[0])


def _identifiers(table: Any, sample: Sample) -> dict[str, int]:
    """Identifier columns whose values come back, and in how many rows."""
    found = {}
    for column in sample.columns:
        if column.type != "identifier" or (sample.kind in ("images", "audio") and column.name in FILE_FACTS):
            continue
        name = '"' + column.name.replace('"', '""') + '"'
        rows, distinct = table.execute(
            f"SELECT count(*), count(DISTINCT {name}) FROM rows WHERE trim({name}) <> ''"
        ).fetchone()
        if distinct < rows:
            found[column.name] = rows - distinct
    return found


# -- near ---------------------------------------------------------------------------------------------
def _near(sample: Sample, budget: Budget, exact: np.ndarray) -> tuple[np.ndarray, int]:
    """Pairs of _id that are nearly but not exactly the same, and how many rows were looked at."""
    if budget.left < 2:
        return np.empty((0, 2), int), 0
    ids = sample.arrays["ids"]
    rng = np.random.default_rng(budget.seed)
    most = MOST_PICTURES if sample.kind == "images" else MOST_NEAR
    at = np.arange(len(ids)) if len(ids) <= most else np.sort(rng.choice(len(ids), most, replace=False))
    if sample.kind == "images" and "images" in sample.arrays:
        pairs = near_copies.pictures(sample.arrays["images"][at])
        for i, target in enumerate(sample.targets):
            if target.task != "regression":  # O beside 0: alike, but said to be another thing
                y = sample.labels(i)[at]
                pairs = pairs[y[pairs[:, 0]] == y[pairs[:, 1]]]
    elif (column := _text_column(sample)) is not None:
        with sample.table() as table:
            name = '"' + column.replace('"', '""') + '"'
            cells = dict(table.execute(f"SELECT _id, coalesce({name}, '') FROM rows").fetchall())
        pairs = near_copies.texts([cells[int(i)] for i in ids[at]], budget.seed)
    else:
        x = sample.features[at]
        if x.shape[1] > WIDEST:  # near in many columns is near in a draw of them
            x = x[:, np.sort(rng.choice(x.shape[1], WIDEST, replace=False))]
        pairs = near_copies.tables(x)
        if len(pairs) <= len(near_copies.tables(_permuted(x, rng))):
            pairs = pairs[:0]  # no closer than rows put together from shuffled columns
    pairs = ids[at][pairs]
    same = {tuple(pair) for pair in exact.tolist()}
    group = {second: first for first, second in exact.tolist()}
    kept = [
        p for p in pairs.tolist() if tuple(p) not in same and group.get(p[0], p[0]) != group.get(p[1], p[1])
    ]
    return np.array(kept, dtype=int).reshape(-1, 2), len(at)


def _permuted(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.stack([rng.permutation(column) for column in x.T], axis=1) if x.shape[1] else x


def _text_column(sample: Sample) -> str | None:
    """The column of running text of a text data set."""
    if sample.kind != "text":
        return None
    named = [c.name for c in sample.columns if c.role == "text"] or [
        c.name for c in sample.columns if c.type == "text"
    ]
    return named[0] if named else None


# -- judging --------------------------------------------------------------------------------------------
def _finding(
    sample: Sample,
    exact: np.ndarray,
    copies: int,
    expected: float,
    near: np.ndarray,
    checked: int,
    repeated: dict[str, int],
) -> Finding:
    rows = sample.rows
    discrete = expected >= 1 or _few_values(sample, copies)
    beyond = 0 if discrete and copies <= max(3 * expected, 0.05 * rows) else max(0.0, copies - expected)
    alike = len(np.unique(near[:, 1])) * (rows / checked if checked else 0)
    hits = min(rows, round(beyond + alike))
    low, high = clopper_pearson(hits, rows)
    across, tested = _across(sample, np.concatenate([exact if beyond else exact[:0], near]))
    shown = (
        np.concatenate([near, exact])[:MOST_PAIRS]
        if len(near) < len(exact)
        else np.concatenate([exact, near])[:MOST_PAIRS]
    )
    flat = sample.places(shown.reshape(-1)) if len(shown) else []
    pairs = [[flat[2 * k], flat[2 * k + 1]] for k in range(len(shown))]
    facts: dict[str, Any] = {
        "exact": copies, "near": len(near), "across_split": len(across), "pairs": pairs,
        "expected_by_chance": round(expected, 1),
        "near_looked_at": checked, "beyond_chance": round(beyond, 1), "repeated_identifiers": repeated,
        "discrete": discrete,
        "null": {"copies": round(expected, 1), "how": "the same columns, each shuffled"},
    }  # fmt: skip
    facts["faults"] = _faults(sample, facts, exact, near, beyond, across, tested)
    where = [
        place
        for place, _ in zip(
            sample.places(np.unique(np.concatenate([exact, near])[:, 1])[:1000]), range(1000), strict=False
        )
    ]
    facts |= (
        {"files": [p["file"] for p in where]}
        if where and "file" in where[0]
        else {"rows": [p["row"] for p in where]}
    )
    share = hits / rows
    return Finding(
        share,
        _note(sample, facts, tested),
        facts,
        low=min(low, share),
        high=high,
        sample=rows,
        title=_title(sample, facts, share),
    )


def _few_values(sample: Sample, copies: int) -> bool:
    """A table whose columns can hold so few different rows that equal ones say nothing."""
    if sample.kind in ("images", "audio", "text") or not copies:
        return False
    ways = 1.0
    with sample.table() as table:
        for name in _columns(sample):
            quoted = '"' + name.replace('"', '""') + '"'
            ways *= max(1, _count(table, f"SELECT count(DISTINCT {quoted}) FROM rows"))
            if ways > 1e9:
                return False
    return ways < 20 * sample.rows


def _count(table: Any, query: str) -> int:
    """The one number that a counting query answers."""
    return int(table.execute(query).fetchone()[0])


def _across(sample: Sample, pairs: np.ndarray) -> tuple[np.ndarray, int]:
    """Pairs between the training part and the test part, and how many rows the test part has."""
    with sample.table() as table:
        tested = _count(table, "SELECT count(*) FROM rows WHERE _split = 'test'")
        if not len(pairs) or not tested:
            return pairs[:0], tested
        ids = np.unique(pairs).tolist()
        split = dict(
            table.execute("SELECT _id, _split FROM rows WHERE _id IN (SELECT unnest(?))", [ids]).fetchall()
        )
    side = np.array([[split[i] == SPLITS[2] for i in pair] for pair in pairs.tolist()])
    return pairs[side[:, 0] != side[:, 1]], tested


def _faults(
    sample: Sample,
    facts: dict[str, Any],
    exact: np.ndarray,
    near: np.ndarray,
    beyond: float,
    across: np.ndarray,
    tested: int,
) -> list[dict[str, Any]]:
    def grade(share: float, medium: float, high: float) -> str:
        return "high" if share >= high else "medium" if share >= medium else "low"

    def places(pairs: np.ndarray) -> dict[str, Any]:
        pairs = pairs[:MOST_PAIRS]
        flat = sample.places(pairs.reshape(-1))
        both = [[flat[2 * k], flat[2 * k + 1]] for k in range(len(pairs))]
        if flat and "file" in flat[0]:
            return {"pairs": both, "files": [pair[1]["file"] for pair in both]}
        return {"pairs": both, "rows": [pair[1]["row"] for pair in both]}

    faults = []
    ours = sample.manifest.get("split", {}).get("made_by") in (None, "riskboard")
    if len(exact):
        severity = grade(beyond / sample.rows, MEDIUM, HIGH) if beyond else "low"
        faults.append({"fault": "duplicates", "severity": severity, **places(exact)})
    if len(near):
        share = len(np.unique(near[:, 1])) / max(facts["near_looked_at"], 1)
        faults.append({"fault": "near_duplicates", "severity": grade(share, MEDIUM, HIGH), **places(near)})
    if len(across) and not ours:  # our own split is made again without copies; a given one is a fact
        share = len(np.unique(across)) / 2 / max(tested, 1)
        severity = grade(share, ACROSS_MEDIUM, ACROSS_HIGH)
        faults.append({"fault": "duplicates_across_split", "severity": severity, **places(across)})
    for name, rows in facts["repeated_identifiers"].items():
        severity = "medium" if rows / sample.rows >= REPEATED_MEDIUM and rows >= 5 else "low"
        faults.append({"fault": "repeated_identifiers", "severity": severity, "columns": [name]})
    return faults


def _title(sample: Sample, facts: dict[str, Any], share: float) -> str:
    unit = pieces(sample.kind)
    if facts["across_split"] and any(
        fault["fault"] == "duplicates_across_split" for fault in facts["faults"]
    ):
        return f"{count(facts['across_split'], 'copy', 'copies')} of test {unit} are in the training part"
    if not facts["exact"] and not facts["near"] and facts["repeated_identifiers"]:
        name, rows = max(facts["repeated_identifiers"].items(), key=lambda item: item[1])
        return f"{name} comes back in {count(rows, 'row')}, though no {pieces(sample.kind, 1)} is there twice"
    if not facts["exact"] and not facts["near"]:
        return f"No {pieces(sample.kind, 1)} is there twice"
    if facts["exact"] and not facts["beyond_chance"]:
        return f"Equal {unit} are to be expected in columns with so few values"
    return (
        f"{percent(share)} of the {unit} are copies"
        if share >= 0.001
        else f"Hardly any {pieces(sample.kind, 1)} is a copy"
    )


def _note(sample: Sample, facts: dict[str, Any], tested: int) -> str:
    unit = pieces(sample.kind)
    parts = [
        f"{count(facts['exact'], 'exact copy', 'exact copies')} and "
        f"{count(facts['near'], 'near copy', 'near copies')} in {sample.rows:,} {unit}"
    ]
    if facts["expected_by_chance"] >= 1:
        parts[0] += f" (about {facts['expected_by_chance']:,.0f} exact ones are expected by chance)"
    if facts["across_split"]:
        parts.append(
            f"{count(facts['across_split'], 'pair')} with one side in the test part of {tested:,} {unit}: "
            "keep copies on one side"
        )
    for name, rows in facts["repeated_identifiers"].items():
        parts.append(f"{name} comes back in {count(rows, 'row')}")
    if facts["near_looked_at"] and facts["near_looked_at"] < sample.rows:
        parts.append(f"near copies were looked for in {facts['near_looked_at']:,} {unit}")
    return "; ".join(parts) + "."
