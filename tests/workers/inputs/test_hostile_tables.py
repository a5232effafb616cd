"""Every hostile table is refused with one sentence or read; never a crash, a hang or too much memory."""

from __future__ import annotations

import json
import multiprocessing
import time
from pathlib import Path

import pytest

from tests import peak
from tests.workers.inputs import hostile
from workers.inputs import Unusable, prepare

SECONDS, MOST_MB = 60, 1_200
HEAVY = {"rle_50m_rows", "zeros_packed", "jsonl_line_100mb"}
CONTEXT = multiprocessing.get_context("spawn")


def _child(path: Path, name: str, out: Path, answer) -> None:
    try:
        manifest = prepare([path], [name], out)
        told = ("read", json.dumps(manifest))
    except Unusable as error:
        told = ("refused", str(error))
    except BaseException as error:
        told = ("crashed", f"{type(error).__name__}: {error}")
    answer.put((*told, peak.mb()))


def _in_process(path: Path, name: str, out: Path) -> tuple[str, str]:
    try:
        return "read", json.dumps(prepare([path], [name], out))
    except Unusable as error:
        return "refused", str(error)


def _outside(path: Path, name: str, out: Path) -> tuple[str, str]:
    """In a process of its own, whose memory and end are watched."""
    answer = CONTEXT.Queue()
    process = CONTEXT.Process(target=_child, args=(path, name, out, answer))
    process.start()
    try:
        verdict, told, held = answer.get(timeout=SECONDS * 3)
    finally:
        process.join(5)
        process.kill()
    assert held < MOST_MB, f"{held:.0f} MB"
    return verdict, told


def _judged(name: str, item: hostile.Item, folder: Path) -> None:
    called, make, word = item
    path = folder / "upload"
    path.write_bytes(make(folder))
    began = time.monotonic()
    verdict, told = (_outside if name in HEAVY else _in_process)(path, called, folder / "out")
    assert time.monotonic() - began < SECONDS * (3 if name in HEAVY else 1)
    assert verdict in ("read", "refused"), told
    if word is not hostile.READ:
        assert verdict == "refused" or word == hostile.EITHER, told
    else:
        assert verdict == "read", told
    if verdict == "refused":
        assert (word or "") in told
        assert told.endswith(".")
        assert "\n" not in told
        assert len(told) < 400
    else:
        assert json.loads(told)["rows"] > 0


def _params(items):
    return [pytest.param(name, marks=[pytest.mark.slow] if name in HEAVY else []) for name in items]


@pytest.mark.parametrize("name", _params(hostile.TEXTS))
def test_a_hostile_text_is_refused_or_read(name, tmp_path):
    _judged(name, hostile.TEXTS[name], tmp_path)


@pytest.mark.parametrize("name", _params(hostile.PARQUET))
def test_a_hostile_parquet_is_refused_or_read(name, tmp_path):
    _judged(name, hostile.PARQUET[name], tmp_path)


def _mutated(folder: Path, count: int, answer) -> None:
    for number, data in enumerate(hostile.mutations(folder, count)):
        answer.put((number, "begun"))
        path = folder / f"m{number}.parquet"
        path.write_bytes(data)
        try:
            prepare([path], [path.name], folder / "out")
            answer.put((number, "read"))
        except Unusable as error:
            answer.put((number, "refused" if str(error).endswith(".") else f"no sentence: {error}"))
        except BaseException as error:
            answer.put((number, f"{type(error).__name__}: {error}"))
        path.unlink()
    answer.put((-1, "done"))


@pytest.mark.parametrize("count", [40, pytest.param(500, marks=pytest.mark.slow)])
def test_mutated_parquet_files_never_crash(count, tmp_path):
    answer = CONTEXT.Queue()
    process = CONTEXT.Process(target=_mutated, args=(tmp_path, count, answer))
    process.start()
    told, last = [], (0, "")
    try:
        while last[0] >= 0:
            last = answer.get(timeout=SECONDS)
            told.append(last)
    finally:
        process.join(5)
        process.kill()
    odd = [one for one in told if one[1] not in ("begun", "read", "refused", "done")]
    assert odd == []
    assert sum(1 for one in told if one[1] in ("read", "refused")) == count


@pytest.mark.slow
def test_ten_million_different_words_stay_within_memory(tmp_path):
    import duckdb

    path = tmp_path / "words.csv"
    with duckdb.connect() as con:
        con.execute(
            "COPY (SELECT md5(i::VARCHAR) AS word, i % 97 AS n, i % 2 AS label FROM range(10000000) t(i))"
            f" TO '{path}' (HEADER)"
        )
    answer = CONTEXT.Queue()
    process = CONTEXT.Process(target=_child, args=(path, "words.csv", tmp_path / "out", answer))
    process.start()
    verdict, told, held = answer.get(timeout=600)
    process.join()
    assert verdict == "read", told
    assert held < MOST_MB
    census = json.loads((tmp_path / "out" / "census.json").read_text())
    assert abs(census["word"]["distinct"] / 1e7 - 1) < 0.05
    assert {c["name"]: c["type"] for c in json.loads(told)["columns"]}["word"] == "identifier"
