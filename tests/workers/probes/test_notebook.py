"""``workers.probes.run`` in a notebook: whatever is wrong is one exception with one sentence."""

from __future__ import annotations

import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from workers.inputs import Unusable
from workers.plan import PlanError
from workers.probes import catalog, run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.csv").write_text("a,y\n" + "".join(f"{i * 7 % 40},{i % 2}\n" for i in range(40)))
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "pickle.csv").write_bytes(pickle.dumps({"a": [1, 2]}))
    (tmp_path / "cut.parquet").write_bytes(b"PAR1" + bytes(40))
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04" + bytes(40))
    with zipfile.ZipFile(tmp_path / "slip.zip", "w") as archive:
        archive.writestr("../x.png", b"outside")
    return tmp_path


@pytest.mark.parametrize(
    "name", ["none.csv", ".", "picture.csv", "pickle.csv", "cut.parquet", "cut.zip", "slip.zip"]
)
def test_what_cannot_be_read_is_unusable_and_named(name, folder):
    with pytest.raises(Unusable) as caught:
        run("data.readability", folder / name)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_the_short_name_of_a_probe_and_no_target_will_do(folder):
    assert run("class_balance", folder / "good.csv", target=None).state == "measured"


def test_an_unknown_probe_names_the_others():
    with pytest.raises(LookupError, match=r"data\.label_errors"):
        run("data.nope")


@pytest.mark.parametrize("plan", [{"training": {"learning_rate": "fast"}}, {"training": {1, 2}}])
def test_a_wrong_plan_is_refused(plan):
    with pytest.raises(PlanError):
        run("hardware.memory", plan=plan)


def test_a_probe_of_data_without_data_is_refused():
    with pytest.raises(Unusable, match="needs a data set"):
        run("data.duplicates")


EVERY = """
import sys
sys.modules["django"] = None  # whoever imports it fails
from workers.probes import run
from workers.probes.catalog import ACTIVE
for probe in ACTIVE:
    found = run(probe, sys.argv[1], target="y", seconds=4)
    print(probe, found.state, found.note)
"""


def test_every_probe_runs_without_django(folder):
    code = [sys.executable, "-c", EVERY, str(folder / "good.csv")]
    done = subprocess.run(code, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert set(lines) == set(catalog.ACTIVE)
    assert not {probe: said for probe, said in lines.items() if said.startswith("failed")}
