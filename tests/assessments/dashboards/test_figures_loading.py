"""The figures of loading and of the machine: who waits for whom, and what is reached of what was promised."""

from __future__ import annotations

from assessments.dashboards import figures
from assessments.dashboards.figures.chart import Chart, Listing, Strip
from tests.assessments.dashboards import sample


def loading(**changes):
    finding = sample.finding("hardware.input_pipeline")
    finding["facts"] |= changes
    return finding["facts"], figures.of(finding)


def machine(**changes):
    finding = sample.finding("hardware.inventory")
    finding["facts"] |= changes
    return figures.of(finding)


def dots(chart):
    return [trace for trace in chart["data"] if trace["mode"] == "markers"]


def test_loader_and_device_stand_side_by_side_on_a_log_axis():
    facts, (rates, _) = loading()
    assert rates.wide["layout"]["xaxis"]["type"] == "log"
    found = {trace["hovertext"][0].partition(":")[0]: trace["x"][0] for trace in dots(rates.wide)}
    assert found[facts["name"]] == facts["takes"]["p50"]
    assert found["As planned"] == facts["loader"]["p50"]
    assert found["With 4 workers"] == 4 * facts["loader"]["p50"]
    stages = [row for row in rates.table.rows if row[0].startswith("Of loading one")]
    assert len(stages) == len(facts["stages"])


def test_the_waiting_falls_with_workers_and_the_plan_stands_on_its_line():
    facts, (_, waits) = loading()
    assert f"{facts['needed']} loader workers end the waiting" == waits.title
    (here,) = dots(waits.wide)
    assert here["x"] == [facts["workers"]]
    assert abs(here["y"][0] - facts["wait"]["p50"]) < 0.02
    planned = waits.wide["data"][-2]["y"]
    assert planned[0] > planned[-1]
    assert len(waits.table.rows) == len(facts["waits"])


def test_workers_that_never_end_the_waiting_are_not_said_to():
    _, (_, waits) = loading(needed=None)
    assert "end" not in waits.title
    _, (_, waits) = loading(needed=1, consumes="processor")
    assert waits.title == "How long the processor waits, by loader workers"


def test_shares_are_bars_beside_the_promise_and_the_rest_stands_in_the_table():
    strip, chart = machine()
    assert isinstance(strip, Strip)
    assert isinstance(chart, Chart)
    assert "its clock promises" in chart.title
    names = [row[0] for row in chart.table.rows]
    assert {"Disk, writing", "Disk, reading", "JPEG pictures decoded, one core"} <= set(names)
    assert len(chart.wide["data"][0]["x"]) < len(names)
    assert chart.wide["layout"]["shapes"][0]["x0"] == 1


def test_a_card_is_held_against_its_data_sheet_and_named_with_its_driver():
    gpus = [{"name": "NVIDIA H100 80GB HBM3", "driver": "570.1", "memory_gb": 80.0}]
    shares = [
        {"what": "matrix products, bf16", "unit": "GFLOP/s", "measured": 650_000, "sheet": 989_000,
         "share": 0.657},
        {"what": "its memory", "unit": "GB/s", "measured": 2_800, "sheet": 3_350, "share": 0.836},
    ]  # fmt: skip
    strip, chart = machine(device="cuda:0", gpus=gpus, shares=shares, throttling="It slowed down.")
    assert any("driver 570.1" in item.note for item in strip.items)
    assert "its data sheet promises" in chart.title
    assert chart.note.startswith("It slowed down")
    assert chart.table.rows[0] == ("bf16 arithmetic", "650 TFLOP/s", "989 TFLOP/s", "66%")


def test_where_nothing_is_promised_the_rates_are_a_table():
    shares = [{"what": "memory, one core", "unit": "GB/s", "measured": 12.0, "sheet": None, "share": None}]
    _, listing = machine(shares=shares)
    assert isinstance(listing, Listing)
    assert listing.table.rows[0] == ("Memory, one core", "12 GB/s", "not known", "")


def test_a_disk_that_a_cache_answered_for_has_no_reading_rate():
    disk = {"write": 500.0, "read": None, "how": "synced", "bytes": 2**26}
    _, chart = machine(disk=disk)
    assert ("Disk, reading", "a cache answered", "", "") in chart.table.rows
