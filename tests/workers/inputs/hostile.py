# ruff: noqa: E501 - one item a line reads better here
"""Tables made to break a reader, each with the word its refusal must hold, or None where it must be read.

All are made here from a fixed seed; nothing is kept on disk.
"""

from __future__ import annotations

import gzip
import json
import random
import struct
from collections.abc import Callable
from pathlib import Path

import duckdb

READ, EITHER = None, ""
Item = tuple[str, Callable[[Path], bytes], str | None]  # file name, how it is made, word of the refusal


def plain(rows: int = 60, *, delimiter: str = ",", end: str = "\n") -> str:
    lines = [delimiter.join(("size", "colour", "label"))]
    lines += [delimiter.join((f"{i * 7 % 50}.5", f"c{i % 5}", "ab"[i % 2])) for i in range(rows)]
    return end.join(lines) + end


def _cells(cells: list[str], rows: int = 60) -> bytes:
    body = "".join(f'"{cells[i % len(cells)]}",{i},{"ab"[i % 2]}\n' for i in range(rows))
    return ("v,n,label\n" + body).encode("utf-8", "surrogatepass")


FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "{{7*7}}", "${ENV}"]
MARKUP = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "\u202etxt.exe"]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


def _flipped(path: Path) -> bytes:
    first, second = plain(40), plain(40, delimiter=";").splitlines()[1:]
    return (first + "\n".join(second)).encode()


def _json(line: str) -> Callable[[Path], bytes]:
    good = "".join(f'{{"a": {i}, "b": "w{i % 4}", "label": "{"xy"[i % 2]}"}}\n' for i in range(40))
    return lambda path: (good + line + "\n" + good).encode()


TEXTS: dict[str, Item] = {
    "one_line_50mb": ("x.csv", lambda p: b"a,b\n" + b"x" * 50_000_000, "characters"),
    "open_quote_to_end": ("x.csv", lambda p: plain().encode() + b'"' + b"3.5,c1,a\n" * 200_000, READ),
    "50k_columns": ("x.csv", lambda p: _wide(50_000), "columns"),
    "20k_columns": ("x.csv", lambda p: _wide(20_000), "20,000 columns"),
    "ragged": ("x.csv", lambda p: ("a,b,label\n" + "1,2,x\n3\n4,5,y,6\n,\n" * 20).encode(), READ),
    "nul": ("x.csv", lambda p: plain().replace("c1", "c\x001").encode(), READ),
    "nul_only": ("x.csv", lambda p: b"\x00" * 50_000, EITHER),
    "utf16_with_mark": ("x.csv", lambda p: plain().encode("utf-16"), READ),
    "utf16_without_mark": ("x.csv", lambda p: plain().encode("utf-16-be"), READ),
    "bad_utf8": ("x.csv", lambda p: plain().encode().replace(b"c1", b"c\xff\xc3"), READ),
    "mixed_line_ends": ("x.csv", lambda p: plain().replace("\n", "\r\n", 20).replace("\n", "\r", 9).encode(), READ),
    "only_header": ("x.csv", lambda p: b"a,b,label\n", "no rows"),
    "empty": ("x.csv", lambda p: b"", "empty"),
    "blank": ("x.csv", lambda p: b" \n\n\t\n" * 50, "no"),
    "one_column": ("x.csv", lambda p: b"v\n" + b"1\n2\n" * 30, READ),
    "two_rows": ("x.csv", lambda p: b"a,b,label\n1,2,x\n3,4,y\n", READ),
    "duplicate_headers": ("x.csv", lambda p: b"a,a,A,,label\n" + b"1,2,3,4,x\n5,6,7,8,y\n" * 20, READ),
    "header_is_formula": ("x.csv", lambda p: plain().replace("size", "=cmd()", 1).encode(), READ),
    "header_is_markup": ("x.csv", lambda p: plain().replace("size", "<b>\"';--</b>", 1).encode(), READ),
    "formulas": ("x.csv", lambda p: _cells(FORMULAS), READ),
    "markup": ("x.csv", lambda p: _cells(MARKUP), READ),
    "huge_numbers": ("x.csv", lambda p: _cells(["1e308", "-1e308", "nan", "inf", "-Infinity", "1e-320", "9" * 400]), READ),
    "dates_out_of_range": ("x.csv", lambda p: _cells(["0000-00-00", "9999-99-99", "294277-01-01", "infinity", "epoch", "-4713-01-01"]), READ),
    "dates_that_fit_badly": ("x.csv", lambda p: _cells(["2024-01-01"] * 30 + ["infinity", "epoch", "30.02.2024"]), READ),
    "cell_of_1mb": ("x.csv", lambda p: _cells(["x" * 1_000_000, "y", "z"], 9), READ),
    "delimiter_flips": ("x.csv", _flipped, READ),
    "gzip_named_csv": ("x.csv", lambda p: gzip.compress(plain().encode(), mtime=0), READ),
    "gzip_in_gzip": ("x.csv.gz", lambda p: gzip.compress(gzip.compress(plain().encode(), mtime=0), mtime=0), EITHER),
    "gzip_of_zeros": ("x.csv.gz", lambda p: gzip.compress(b"\0" * 100_000_000, mtime=0), "times its size"),
    "gzip_cut": ("x.csv.gz", lambda p: gzip.compress(plain(5000).encode(), mtime=0)[:-40], "cut off"),
    "png_named_csv": ("x.csv", lambda p: PNG, "PNG"),
    "png_inside": ("x.csv", lambda p: plain().encode() + PNG + plain().encode(), EITHER),
    "pickle_named_csv": ("x.csv", lambda p: b"\x80\x04\x95" + b"." * 100, "pickle"),
    "random_bytes": ("x.csv", lambda p: random.Random(1).randbytes(100_000), EITHER),
    "quotes_only": ("x.csv", lambda p: b'"' * 100_001 + b"\n" + b'","' * 1000, EITHER),
    "delimiters_only": ("x.csv", lambda p: b",,,,\n" * 200, EITHER),
    "surrogates": ("x.csv", lambda p: _cells(["a\ud800b", "c", "d"]), READ),
    "bidi_header": ("x.csv", lambda p: plain().replace("size", "\u202eezis\u0000", 1).encode(), READ),
    "jsonl_deep": ("x.jsonl", _json('{"a":' * 200_000), READ),
    "jsonl_deep_closed": ("x.jsonl", _json('{"a":' * 900 + "1" + "}" * 900), READ),
    "jsonl_nan": ("x.jsonl", _json('{"a": NaN, "b": Infinity, "label": 1e999}'), READ),
    "jsonl_digits": ("x.jsonl", _json('{"a": ' + "9" * 4301 + "}"), READ),
    "jsonl_duplicate_keys": ("x.jsonl", _json('{"a": 1, "a": "\\ud800", "label": "x"}'), READ),
    "jsonl_keys": ("x.jsonl", _json(json.dumps({f"k{i}": i for i in range(6000)})), "keys"),
    "jsonl_line_100mb": ("x.jsonl", lambda p: b'{"a": "' + b"x" * 100_000_000 + b'"}\n', "characters"),
    "jsonl_lists": ("x.jsonl", lambda p: b"[1, 2]\n" * 50, EITHER),
    "jsonl_braces": ("x.jsonl", lambda p: b"{" * 100_000, EITHER),
}  # fmt: skip


def _wide(columns: int) -> bytes:
    line = ",".join("1" * columns)
    return (",".join(f"c{i}" for i in range(columns)) + "\n" + f"{line}\n" * 30).encode()


# -- Parquet ------------------------------------------------------------------------------------------
def _written(sql: str, options: str = "") -> Callable[[Path], bytes]:
    def make(folder: Path) -> bytes:
        path = folder / "made.parquet"
        with duckdb.connect() as con:
            con.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet{options})")
        return path.read_bytes()

    return make


SMALL = "SELECT i AS aa, i * 2 AS bb, 'w' || i % 5 AS word, i % 2 AS label FROM range(300) t(i)"


def _patched(old: bytes, new: bytes, sql: str = SMALL) -> Callable[[Path], bytes]:
    return lambda folder: _written(sql)(folder).replace(old, new)


def _footer(length: int) -> Callable[[Path], bytes]:
    return lambda folder: _written(SMALL)(folder)[:-8] + struct.pack("<i", length) + b"PAR1"


def _thrift(folder: Path) -> bytes:
    nested = b"\x1c" * 100_000
    return b"PAR1" + nested + struct.pack("<I", len(nested)) + b"PAR1"


def _encrypted(folder: Path) -> bytes:
    return b"PARE" + _written(SMALL)(folder)[4:-4] + b"PARE"


PARQUET: dict[str, Item] = {
    "rle_50m_rows": ("x.parquet", _written("SELECT repeat('x', 1000) AS v, 1 AS label FROM range(50000000)"), "upload a sample"),
    "zeros_packed": ("x.parquet", _written("SELECT repeat(chr(48), 1000000) AS v, i % 2 AS label FROM range(3000) t(i)", ", COMPRESSION zstd"), "upload a sample"),
    "20k_columns": ("x.parquet", _written("SELECT " + ", ".join(f"{i} AS c{i}" for i in range(20_000))), "20,000 columns"),
    "many_row_groups": ("x.parquet", _written("SELECT i AS a, i % 2 AS label FROM range(409600) t(i)", ", ROW_GROUP_SIZE 2048"), READ),
    "footer_len_huge": ("x.parquet", _footer(2**31 - 1), "damaged"),
    "footer_len_negative": ("x.parquet", _footer(-5), "damaged"),
    "footer_len_zero": ("x.parquet", _footer(0), "damaged"),
    "thrift_depth": ("x.parquet", _thrift, "damaged"),
    "nested_lists": ("x.parquet", _written("SELECT " + "[" * 60 + "1" + "]" * 60 + " AS v, i % 2 AS label FROM range(50) t(i)"), "lists in lists"),
    "structs": ("x.parquet", _written("SELECT {'a': i, 'b': {'c': [i]}} AS v, MAP {'k': i} AS m, i % 2 AS label FROM range(50) t(i)"), READ),
    "duplicate_columns": ("x.parquet", _patched(b"bb", b"aa"), READ),
    "case_twins": ("x.parquet", _patched(b"bb", b"AA"), READ),
    "name_of_100kb": ("x.parquet", _written(f"SELECT i AS \"{'n' * 100_000}\", i % 2 AS label FROM range(50) t(i)"), READ),
    "name_is_markup": ("x.parquet", _written("SELECT i AS \"<img src=x onerror=alert(1)>'\", i % 2 AS label FROM range(50) t(i)"), READ),
    "encrypted_footer": ("x.parquet", _encrypted, "encrypted"),
    "magic_only": ("x.parquet", lambda folder: b"PAR1PAR1", "damaged"),
    "magic_alone": ("x.parquet", lambda folder: b"PAR1", "damaged"),
    "blobs": ("x.parquet", _written("SELECT '\\x80\\x04\\x95'::BLOB AS v, i % 2 AS label FROM range(50) t(i)"), READ),
    "old_dates": ("x.parquet", _written("SELECT DATE '0001-01-01' + i::INT AS d, TIMESTAMP 'infinity' AS t, i % 2 AS label FROM range(50) t(i)"), READ),
    "no_rows": ("x.parquet", _written("SELECT 1 AS a, 2 AS label WHERE false"), "no rows"),
    "all_null": ("x.parquet", _written("SELECT NULL::INT AS a, NULL::VARCHAR AS b FROM range(50)"), READ),
}  # fmt: skip


def mutations(folder: Path, count: int, seed: int = 5) -> list[bytes]:
    """Parquet files with flipped bytes, cuts, doubled pieces, or a footer that lies about counts."""
    good, rng = _written(SMALL)(folder), random.Random(seed)
    made = []
    for number in range(count):
        data = bytearray(good)
        kind = number % 4
        if kind == 0:
            for _ in range(rng.randint(1, 8)):
                data[rng.randrange(4, len(data) - 8)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del data[rng.randrange(4, len(data) - 8) : rng.randrange(4, len(data))]
        elif kind == 2:
            at = rng.randrange(4, len(data) - 8)
            data[at:at] = data[at : at + rng.randrange(1, 200)]
        else:  # the footer and the page headers hold the counts
            start = len(data) - 8 - struct.unpack("<I", data[-8:-4])[0]
            for _ in range(rng.randint(1, 4)):
                data[rng.randrange(start, len(data) - 8)] = rng.randrange(256)
        made.append(bytes(data))
    return made
