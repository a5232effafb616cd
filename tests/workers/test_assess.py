"""A run without rows: what is chosen, what it may spend, and that the same input gives the same findings."""

from __future__ import annotations

import csv
import random
import threading
import time
from pathlib import Path

import pytest

from tests.planting import sets
from workers import assess, sandbox
from workers.assess import PREPARE, Event
from workers.probes import catalog, run
from workers.probes.base import Finding


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """240 rows, two features, two classes that a line nearly tells apart."""
    path = tmp_path_factory.mktemp("data") / "table.csv"
    draw = random.Random(7)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["height", "width", "kind"])
        for _ in range(240):
            x, y = draw.gauss(0, 1), draw.gauss(0, 1)
            writer.writerow([f"{x:.3f}", f"{y:.3f}", "tall" if x + 0.3 * y > 0 else "flat"])
    return path


@pytest.mark.parametrize(
    ("only", "count"),
    [
        ([], len(catalog.ACTIVE)),
        (["data.label_errors"], 1),
        (["hardware"], 7),
        (["hardware", "hardware.memory"], 7),
    ],
)
def test_names_stand_for_probes(only, count):
    found = assess.chosen(only)
    assert len(found) == count
    assert list(found) == [probe for probe in catalog.ACTIVE if probe in found]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("data.label_eror", "data.label_errors"),
        ("label_errors", "data.label_errors"),
        ("securty", "security"),
    ],
)
def test_an_unknown_name_is_answered_with_a_near_one(name, near):
    with pytest.raises(assess.Unknown, match=near):
        assess.chosen([name])


def test_a_name_like_no_other_is_sent_to_the_list():
    with pytest.raises(assess.Unknown, match=r"manage\.py probes"):
        assess.chosen(["zzz"])


def test_what_a_probe_may_spend_depends_on_the_total_alone():
    allowed = assess.seconds_for(catalog.ACTIVE, 150, 2)
    assert allowed == assess.seconds_for(catalog.ACTIVE, 150, 2)
    assert allowed["data.learning_curve"] > allowed["data.class_balance"]
    assert max(allowed.values()) <= 150
    assert sum(allowed.values()) <= 2 * 150 * 0.7 + len(allowed) * assess.LEAST
    assert assess.seconds_for(["data.duplicates"], 100, 2)["data.duplicates"] == pytest.approx(70)


def test_the_same_file_and_seed_give_the_same_findings(table):
    only = ["data.readability", "data.class_balance", "data.label_errors"]
    runs = [assess.assess([table], targets=["kind"], only=only, seed=3, seconds=120) for _ in range(2)]
    first, second = ({probe: one.finding for probe, one in run.findings.items()} for run in runs)
    assert first == second
    assert {one.state for one in first.values()} == {"measured"}
    assert runs[0].manifest == runs[1].manifest
    assert runs[0].manifest["rows"] == 240


def test_every_probe_is_told_from_start_to_end(table):
    events: list[Event] = []
    only = ["data.readability", "data.class_balance"]
    assess.assess([table], targets=["kind"], only=only, seconds=120, on_event=events.append)
    for probe in (PREPARE, *only):
        told = [event for event in events if event.probe == probe]
        assert told[0].state == "running"
        assert told[-1].state == "measured"


def test_data_that_cannot_be_used_says_so_and_leaves_nothing_running(tmp_path):
    path = tmp_path / "header.csv"
    path.write_text("a,b,c\n")
    before = threading.active_count()
    with pytest.raises(sandbox.Unusable, match=r"header\.csv"):
        assess.assess([path], seconds=60)
    assert threading.active_count() <= before


def test_a_target_that_is_no_column_names_those_that_are(table):
    with pytest.raises(sandbox.Unusable, match="height"):
        assess.assess([table], targets=["species"], only=["data"], seconds=60)


def test_without_data_the_probes_of_data_are_skipped():
    found = assess.assess(only=["data.duplicates"], seconds=60).findings["data.duplicates"].finding
    assert found.state == "skipped"
    assert found.note == "The check “Duplicates” needs a data set, and this assessment has none."


def test_when_reading_fails_nothing_pretends_to_have_measured(table, monkeypatch):
    def measure(request: sandbox.Request, *_: object) -> Finding:
        if request.probe == PREPARE:
            raise sandbox.Stopped(
                "Reading the data needed more than 1 GB of memory and was stopped.", "memory"
            )
        return Finding(1.0, "measured")

    monkeypatch.setattr(sandbox, "measure", measure)
    run_ = assess.assess([table], only=["data.duplicates", "hardware.inventory"], seconds=60)
    assert run_.reading.finding.state == "failed"
    assert run_.findings["data.duplicates"].finding.state == "skipped"
    assert "could not be read" in run_.findings["data.duplicates"].finding.note
    assert run_.findings["hardware.inventory"].finding.state == "measured"


def test_the_run_ends_with_its_seconds(monkeypatch):
    def measure(request: sandbox.Request, on_progress: object, cancelled: object) -> Finding:
        while not cancelled():
            time.sleep(0.01)
        raise sandbox.Stopped(f"{request.title} was cancelled.", "cancelled")

    monkeypatch.setattr(sandbox, "measure", measure)
    began = time.monotonic()
    found = assess.assess(only=["hardware"], seconds=1, parallel=1).findings
    assert time.monotonic() - began < 5
    count = sum(spec.dimension == "hardware" for spec in catalog.SPECS)
    assert [one.finding.state for one in found.values()] == ["failed"] * count
    assert "1 seconds" in found["hardware.memory"].finding.note


def test_a_probe_runs_in_a_notebook(table):
    found = run("data.class_balance", table, target="kind")
    assert found.state == "measured"
    assert sum(found.facts["counts"].values()) == 240
    with pytest.raises(LookupError, match=r"data\.nothing"):
        run("data.nothing", table)


def test_a_late_probe_keeps_its_measurement_while_the_run_lasts(monkeypatch):
    asked = []

    def measure(request: sandbox.Request, on_progress: object, cancelled: object) -> Finding:
        asked.append(request)
        return Finding(1.0, "Measured.")

    monkeypatch.setattr(sandbox, "measure", measure)
    assess.assess(only=["hardware"], seconds=90)
    assert all(request.told < request.seconds == 90 for request in asked)


def test_a_probe_that_looks_at_data_where_there_is_some_waits_for_it(tmp_path):
    path = tmp_path / "table.csv"
    key = "AKIA" + "QYLPMN5HFBUTW7ZC"
    lines = [f"{i},{'key ' + key if i == 7 else 'plain words'},{'ab'[i % 2]}" for i in range(60)]
    path.write_text("\n".join(["id,note,kind", *lines]) + "\n")
    looking = [probe for probe in catalog.ACTIVE if "data" in catalog.BY_ID[probe].uses]
    plan = {"model": {"kind": "mlp"}, "training": {"epochs": 3}}
    found = assess.assess([path], targets=["kind"], plan=plan, only=looking, seconds=90).findings
    assert {probe: found[probe].finding.state for probe in looking} == dict.fromkeys(looking, "measured")
    assert found["security.secrets"].finding.value == 1
    assert found["hyperparameters.plan_review"].finding.facts["with_data"]


def test_an_empty_column_and_a_zip_of_pictures_are_read_to_the_end(tmp_path):
    """What is masked on the way out is looked for in every column, also in one that holds nothing."""
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["a,b,nothing,y", *(f"{i},{i % 7},,{'pq'[i % 2]}" for i in range(80))]) + "\n")
    found = assess.assess([path], targets=["y"], only=["data.class_balance"], seconds=60)
    assert found.findings["data.class_balance"].finding.state == "measured"
    pictures, labels = sets.shapes(20)
    zipped = tmp_path / "pictures.zip"
    zipped.write_bytes(next(iter(sets.picture_zip(pictures, labels).files.values())))
    found = assess.assess([zipped], only=["data.class_balance"], seconds=60)
    assert found.findings["data.class_balance"].finding.state == "measured"
