# ruff: noqa: E501 - tables read best with an entry a line
"""Files that could run a program are named whatever they are dressed as; honest ones are not."""

from __future__ import annotations

import importlib
import inspect
import json
import pickle
import pkgutil
import re
import time
from pathlib import Path

import numpy as np
import pytest

from tests import peak
from tests.workers.factories import write_sample
from tests.workers.probes.security import artefacts, honest_artefacts
from tests.workers.probes.security.artefacts import BOMB, ESCAPE, RUNS
from workers import plan as plans
from workers import sandbox
from workers.probes import run as notebook
from workers.probes.base import Budget, Finding, Sample, Upload
from workers.probes.security import unsafe_files
from workers.probes.security.unsafe_files import allowed, kinds, lz4, packages
from workers.probes.security.unsafe_files.look import Look, Where
from workers.probes.security.unsafe_files.pickles import walk

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def look(folder: Path, data: bytes, name: str = "model.pkl", *, artefact: bool = True) -> Finding:
    path = folder / "upload"
    path.write_bytes(data)
    return unsafe_files.run(Sample(uploads=(Upload(path, name, artefact),)), Budget(30))


def named(finding: Finding) -> set[str]:
    return {fault["fault"] for fault in finding.facts["faults"]}


@pytest.fixture(scope="module")
def harmful(tmp_path_factory) -> list[artefacts.Harmful]:
    return artefacts.harmful(tmp_path_factory.mktemp("canary") / "written")


@pytest.fixture(scope="module")
def honest() -> dict[str, bytes]:
    return honest_artefacts.honest()


def test_lz4_is_unpacked_without_its_package():
    machine = lz4.Machine()
    made = b""
    for place in range(0, len(honest_artefacts.LZ4), 10):  # also where a block comes in pieces
        made += machine.decompress(honest_artefacts.LZ4[place : place + 10], 2**20)
    assert machine.eof
    assert pickle.loads(made) == {"weights": [float(i % 7) for i in range(400)], "name": "layer" * 60}
    with pytest.raises(ValueError, match="reaches back too far"):
        lz4.unpacked(b"\x10a\x09\x00")
    with pytest.raises(ValueError, match="cut off"):
        lz4.unpacked(b"\xf0\xff")


# -- recall and false alarms ------------------------------------------------------------------------------
def test_every_dress_is_named_and_no_canary_is_written(tmp_path, tmp_path_factory):
    canary = tmp_path / "written"
    corpus = artefacts.harmful(canary)
    missed = []
    for one in corpus:
        finding = look(tmp_path, one.data, one.name)
        if one.fault not in named(finding) or finding.facts["files"] != [one.name]:
            missed.append(one.name)
        assert finding.value in ((2, 3) if one.fault == RUNS else (2,)), one.name
    assert missed == []
    assert len(corpus) > 120
    assert not canary.exists()


def test_the_corpus_is_no_bluff(tmp_path):
    """Python itself runs these, so a miss would matter."""
    bad = artefacts.hand_written(str(tmp_path / "written"))
    for name in (
        "memo", "memo_far", "duplicate", "instance", "object", "old_strings", "written_with_escapes",
        "unicode_escapes", "chained", "garbled_behind", "cut_behind_the_call", "underflow_behind",
    ):  # fmt: skip
        try:
            pickle.loads(bad[f"{name}.pkl"])
        except (pickle.UnpicklingError, EOFError):
            assert "behind" in name
        assert (tmp_path / "written").is_dir(), name
        (tmp_path / "written").rmdir()


def test_no_honest_file_is_named(tmp_path, honest):
    alarms = {}
    for name, data in honest.items():
        finding = look(tmp_path, data, name)
        if finding.facts["faults"] or finding.value or finding.high:
            alarms[name] = finding.facts["found"]
    assert alarms == {}
    assert len(honest) > 40


def test_what_it_would_run_and_where_is_told(tmp_path):
    bad = pickle.dumps(artefacts.Canary("x"), 4)
    inner = artefacts.zipped({"archive/data.pkl": bad, "archive/version": b"3"})
    finding = look(tmp_path, artefacts.zipped({"nets/a.pt": inner}), "nets.zip")
    (found,) = finding.facts["found"]
    assert found["file"] == "nets.zip"
    assert found["inside"] == "nets/a.pt > archive/data.pkl"
    assert found["runs"] == "posix.mkdir"
    assert finding.title == "nets.zip would run a program when opened"
    assert "posix.mkdir" in finding.note
    assert finding.facts["looked"] == [{"file": "nets.zip", "what": "zip archive", "artefact": True}]


def test_a_name_that_nobody_knows_is_told_as_that(tmp_path):
    finding = look(tmp_path, b"\x80\x02cmypackage.nets\nNet\n)\x81.", "net.pt")
    assert finding.title == "net.pt would run code that nobody here knows"
    assert (finding.value, finding.facts["found"][0]["known"]) == (3, False)


def test_two_findings_of_the_same_files_are_equal(tmp_path, harmful):
    some = harmful[::9]
    assert [look(tmp_path, one.data, one.name) for one in some] == [
        look(tmp_path, one.data, one.name) for one in some
    ]


def pickled(*code: bytes) -> bytes:
    return b"\x80\x02" + b"".join(code) + b"."


GETATTR, ZONE = b"c__builtin__\ngetattr\n", b"czoneinfo\nZoneInfo\n"
UNPICKLE, BERLIN = b"X\x09\0\0\0_unpickle", b"(X\x0d\0\0\0Europe/BerlinK\x01tR"


def test_looking_up_a_time_zone_is_honest_and_no_other_look_up_is(tmp_path):
    honest = pickled(GETATTR, ZONE, UNPICKLE, b"\x86R", BERLIN)
    assert pickle.loads(honest).key == "Europe/Berlin"
    assert look(tmp_path, honest, "zone.pkl").value == 0
    for bad in (
        pickled(GETATTR, ZONE, b"X\x09\0\0\0from_file\x86R"),
        pickled(GETATTR, b"cdatetime\ndate\n", UNPICKLE, b"\x86R"),
        pickled(GETATTR, b"2", ZONE, UNPICKLE, b"\x86R"),  # a second one is left on the stack
        pickled(GETATTR, b"q\x000", b"(h\x00", ZONE, UNPICKLE, b"\x86R", BERLIN, b"h\x00t"),
        pickled(b"(", GETATTR, ZONE, UNPICKLE, b"\x86R", BERLIN, GETATTR, b"t"),
    ):
        finding = look(tmp_path, bad, "zone.pkl")
        assert "__builtin__.getattr" in {one["runs"] for one in finding.facts["found"]}, bad


@pytest.mark.parametrize(
    "data", [b"a,b\n1,2\n", "größe;b\n1;2\n".encode("cp1252"), "a,b\n1,2\n".encode("utf-16")]
)
def test_a_table_among_the_model_files_is_called_one(tmp_path, data):
    finding = look(tmp_path, data, "rows.csv")
    assert finding.facts["looked"][0]["what"] == "table (CSV)"
    assert (finding.title, finding.high) == ("Nothing in rows.csv runs when it is opened", 0)
    assert finding.note == "What is in it only rebuilds numbers and plain data."


def test_formulas_in_a_table_among_the_model_files_are_told(tmp_path):
    finding = look(tmp_path, b'name,sum\nanna,=HYPERLINK("http://x")\n', "rows.csv")
    assert (finding.value, [one["fault"] for one in finding.facts["faults"]]) == (1, ["formula_cells"])
    assert look(tmp_path, b"name,sum\nanna,-5\nben,=5\n@carl,+4912\n", "rows.csv").value == 0


def test_what_is_of_no_known_kind_is_not_called_safe(tmp_path):
    finding = look(tmp_path, bytes(range(256)) * 3, "weights.bin")
    assert finding.title == "Nothing was found that runs, but not every file could be read"
    assert "rebuilds" not in finding.note


def test_the_sentences_about_many_files_say_what_there_are_more_of(tmp_path):
    bad, cut = pickle.dumps(artefacts.Canary("x"), 4), pickle.dumps([1.5] * 9)[:-9]
    uploads = []
    for i in range(10):
        path = tmp_path / f"{i}.pkl"
        path.write_bytes(bad)
        uploads.append(Upload(path, path.name, artefact=True))
    note = unsafe_files.run(Sample(uploads=tuple(uploads)), Budget()).note
    assert note.startswith("Do not open 0.pkl, 1.pkl, 2.pkl and 7 other files, which would run posix.mkdir.")
    note = look(tmp_path, cut, "cut.pkl").note
    assert note.startswith(
        "Do not open cut.pkl: it is cut off before its end, so nobody can say what would run."
    )


# -- the walker -------------------------------------------------------------------------------------------
def test_a_list_of_numbers_is_walked_fast_and_in_little_memory():
    data = pickle.dumps([float(i) for i in range(2_000_000)], 4)
    before, began = peak.reset(), time.process_time()
    found = walk(data)
    assert found.complete
    assert time.process_time() - began < 5
    assert peak.mb() - before < 300


def test_piling_up_without_end_is_ended():
    assert "piles up" in walk(b"\x80\x04" + b"N" * 6_000_000).error
    assert walk(b"\x80\x04" + b"(" * 6_000_000).error
    assert "no time" in walk(b"\x80\x04" + b"N0" * 500_000, deadline=0.0).error


def test_an_allowed_function_is_no_way_to_one_that_is_not():
    for module, name in (
        ("collections", "OrderedDict.fromkeys"), ("sklearn.tree._classes", "os.system"),
        ("torch.nn.modules.module", "torch.load"), ("sklearn.linear_model._base", "make_dataset"),
        ("sklearn.datasets._base", "LoadFiles"), ("sklearn.utils.parallel", "Parallel"),
        ("torch", "load"), ("torch.hub", "load"), ("numpy", "load"), ("numpy", "fromfile"),
        ("builtins", "getattr"), ("functools", "partial"), ("operator", "attrgetter"), ("", "set"),
    ):  # fmt: skip
        assert not allowed.allowed(module, name), (module, name)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_no_function_of_the_installed_libraries_slips_through_a_family():
    """The families are patterns: what they let through today must be classes of their own library."""
    own = {
        "sklearn",
        "torch",
        "scipy",
        "numpy",
        "abc",
        "collections",
        "numbers",
        "typing",
        "builtins",
        "types",
    }
    seen = 0
    for root in (
        "sklearn",
        "torch.nn.modules",
        "torch.ao.nn",
        "torch.ao.quantization",
        "torch.optim",
        "scipy.sparse",
    ):
        top = importlib.import_module(root)
        for found in pkgutil.walk_packages(top.__path__, f"{root}.", onerror=lambda name: None):
            if re.search(r"tests|conftest|_build|array_api|external", found.name):
                continue
            try:
                module = importlib.import_module(found.name)
            except ImportError:
                continue
            for name in dir(module):
                thing = getattr(module, name)
                if not allowed.allowed(found.name, name) or not callable(thing):
                    continue
                seen += 1
                home = (getattr(thing, "__module__", "") or "").partition(".")[0]
                assert home in own, (found.name, name, home)
                known = name in allowed.COMPUTING.get(found.name, ())
                assert known or not inspect.isfunction(thing), (found.name, name)
    assert seen > 1000


def test_each_file_that_cannot_be_trusted_is_told_with_its_own_reason(tmp_path):
    uploads = []
    for name in ("overlap.safetensors", "beyond.safetensors"):
        path = tmp_path / name
        path.write_bytes(artefacts.bombs()[name])
        uploads.append(Upload(path, name, True))
    note = unsafe_files.run(Sample(uploads=tuple(uploads)), Budget(30)).note
    assert note == (
        "Do not open overlap.safetensors (two of its tensors lie over each other) and"
        " beyond.safetensors (its header says more than the file holds)."
    )


# -- hostile bytes ----------------------------------------------------------------------------------------
def mutations(data: bytes, seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    made = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        at = int(rng.integers(0, max(1, len(made))))
        kind = rng.integers(0, 4)
        if kind == 0 and made:
            made[at % len(made)] = int(rng.integers(0, 256))
        elif kind == 1:
            made[at:at] = rng.integers(0, 256, int(rng.integers(1, 9)), dtype=np.uint8).tobytes()
        elif kind == 2:
            del made[at : at + int(rng.integers(1, 40))]
        else:
            made[at : at + 8] = b"\xff" * 8
    return bytes(made)


def fuzz(files: dict[str, bytes], seeds: range) -> None:
    before = peak.reset()
    for name, data in files.items():
        for seed in seeds:
            one = mutations(data, seed)
            found, began = Look(deadline=time.monotonic() + 20), time.process_time()
            kinds.inspect(found, memoryview(one), Where(name))
            assert time.process_time() - began < 3, (name, seed)
    assert peak.mb() - before < 700


def test_mutated_files_end_in_a_finding_and_never_in_an_error(harmful, honest):
    small = {one.name: one.data for one in harmful if len(one.data) < 60_000}
    small |= {name: data for name, data in honest.items() if len(data) < 60_000}
    fuzz(small, range(6))


@pytest.mark.slow
def test_thousands_of_mutated_files_end_in_a_finding(harmful, honest):
    files = {one.name: one.data for one in harmful if len(one.data) < 200_000} | honest
    fuzz({name: data for name, data in files.items() if len(data) < 200_000}, range(100, 160))


def test_random_bytes_are_no_program(tmp_path):
    rng = np.random.default_rng(0)
    for seed in range(200):
        data = rng.integers(0, 256, 5000, dtype=np.uint8).tobytes()
        assert not named(look(tmp_path, data, f"w{seed}.bin")), seed
    tensors = {f"archive/data/{i}": rng.normal(size=500).astype("f4").tobytes() for i in range(300)}
    head = {"archive/data.pkl": b"\x80\x02}.", "archive/version": b"3"}
    assert not named(look(tmp_path, artefacts.zipped({**head, **tensors}), "net.pt"))


def test_when_time_is_over_the_rest_is_unknown_and_not_safe(tmp_path):
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(list(range(3_000_000)), 0))
    finding = unsafe_files.run(Sample(uploads=(Upload(path, "a.pkl", True),)), Budget(0.0))
    assert finding.high == 3
    assert "Time ran out" in finding.note or "no time" in finding.note


# -- programs, macros and settings ------------------------------------------------------------------------
LOOSE = {
    "a/tool.exe": b"MZ" + bytes(60), "a/run.sh": b"echo hi", "a/start": b"#! /bin/sh\nrm -rf x", "a/helper.py": b"import os",
    "a/lib": b"\x7fELF" + bytes(60), "a/mac": b"\xce\xfa\xed\xfe" + bytes(60), "a/do.bat": b"@echo off\r\ndel x",
    "a/pe.bin": b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\0\0",
    "a/cfg.yaml": b"x: !!python/object/apply:os.system ['id']", "a/notes.txt": b"x: !!python/name:os.system ''",
}  # fmt: skip


@pytest.mark.parametrize("name", LOOSE)
@pytest.mark.parametrize("zipped", [True, False])
def test_a_loose_program_in_what_came_as_a_model_is_named_harmful(tmp_path, name, zipped):
    entries = {"a/model.bin": pickle.dumps([1.5]), name: LOOSE[name]}
    data = artefacts.zipped(entries) if zipped else LOOSE[name]
    finding = look(tmp_path, data, "upload.zip" if zipped else name.split("/")[1])
    assert named(finding) == {RUNS}, finding.title
    (fault,) = finding.facts["faults"]
    assert (fault["fault"], fault["severity"]) == ("executable_content", "high")
    assert "not known here" not in finding.note


@pytest.mark.parametrize("name", ["book.xlsm", "letter.docm", "renamed.xlsx"])
def test_macros_of_office_documents_are_named(tmp_path, name):
    inside = {"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}
    quiet = look(tmp_path, artefacts.zipped(inside), name)
    assert not named(quiet)
    finding = look(tmp_path, artefacts.zipped({**inside, "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"}), name)
    assert named(finding) == {RUNS}
    assert "macros" in finding.note
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "_VBA_PROJECT".encode("utf-16-le")
    assert named(look(tmp_path, old, "old.xls")) == {RUNS}


@pytest.mark.parametrize(
    "text",
    [b"layers: [1, 2]\nlr: 0.1\n", b"# never write !!python/object/apply here\nlr: 1\n", b"x: !!float 3\ny: !!python/tuple [1, 2]\n"],
)  # fmt: skip
def test_plain_settings_are_no_program(tmp_path, text):
    finding = look(tmp_path, text, "config.yaml")
    assert not named(finding)
    assert finding.high == 0


def test_code_of_a_scripted_model_and_of_a_data_set_is_left_alone(tmp_path):
    assert not named(look(tmp_path, artefacts.zipped({"net/code/__torch__.py": b"def f(): pass"}), "net.pt"))
    readme = artefacts.zipped({"load.py": b"import csv", "run.sh": b"echo", "a.csv": b"a,b\n1,2\n"})
    assert not named(look(tmp_path, readme, "set.zip", artefact=False))


# -- the rest ---------------------------------------------------------------------------------------------
def test_known_bad_packages_of_a_plan_are_named(tmp_path):
    written = "packages: [numpy==2.0, torchtriton, ultralytics==8.3.41, ultralytics==8.4]"
    plan = plans.read(written, "plan.yaml").plan
    finding = unsafe_files.run(Sample(plan=plan), Budget(10))
    assert [one["runs"] for one in finding.facts["found"]] == [
        "an install of torchtriton", "an install of ultralytics 8.3.41",
    ]  # fmt: skip
    for other in ({"torchtriton": "1.0"}, "numpy\ntorchtriton==1.0"):
        read = plans.read(json.dumps({"dependencies": other}), "plan.json").plan
        assert packages.in_plan(read) == ["torchtriton"]
    assert packages.denied(["# torchtriton", "torch", "-r more.txt", "TorchTriton >= 1"]) == ["torchtriton"]


def test_without_any_file_it_is_skipped():
    assert unsafe_files.run(Sample(), Budget(10)).state == "skipped"


def test_without_a_model_file_the_range_stays_open(tmp_path):
    sample = write_sample(tmp_path, np.zeros((9, 1)), np.arange(9) % 2, rows={"a": list("abcdefghi")})
    finding = unsafe_files.run(sample, Budget(10))
    assert (finding.low, finding.value, finding.high) == (0, 0, 1)
    assert "No model file was shown" in finding.note


def test_it_runs_in_a_notebook_and_in_the_sandbox(tmp_path):
    path = tmp_path / "net.pkl"
    path.write_bytes(pickle.dumps(artefacts.Canary(str(tmp_path / "written")), 4))
    assert named(notebook("unsafe_files", artefacts=[path])) == {RUNS}
    request = sandbox.Request(
        "security.unsafe_files", tmp_path / "out", inputs=(path,), names=("net.pkl",), artefacts=1, seconds=60
    )
    finding = sandbox.measure(request)
    assert (named(finding), finding.value) == ({RUNS}, 3)
    assert not (tmp_path / "written").exists()
    sandbox.stop()


def test_names_in_the_report_are_text_of_bounded_length(tmp_path):
    name = "a\n\u202e" + "x" * 5000
    bad = b"\x80\x02c" + b"m" * 150 + b"\nrun\n."
    finding = look(tmp_path, artefacts.zipped({name: bad}), "a.zip")
    assert finding.value == 3
    assert all(len(str(value)) < 200 for one in finding.facts["found"] for value in one.values())
    assert "\u202e" not in str(finding.facts)
    assert BOMB not in named(finding)
    assert ESCAPE not in named(finding)
