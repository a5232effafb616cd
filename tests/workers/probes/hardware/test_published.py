"""Published training runs lie within the forecast of their plan, and the rules name none of them."""

from __future__ import annotations

import json
import math
import re

import pytest

from benchmarks import published
from tests.workers.probes.hardware.test_training_cost import read
from workers.probes.hardware import catalogue, footprint, links, scaling, speed
from workers.probes.hardware.catalogue import Link

RUNS = published.every_run()
FITTED = published.fitted_families(RUNS)
NAMED = [run for run in RUNS if run.get("acceptance")]
HELD = [run for run in RUNS if run["family"] not in FITTED]


@pytest.fixture(scope="module")
def told():
    """The six named runs, and every third of those that nothing is fitted to."""
    some = [run for run in HELD[::3] if not run.get("acceptance")]
    return [published.told(published.walked(run), run["family"] not in FITTED) for run in [*NAMED, *some]]


def test_the_published_hours_lie_in_the_range_of_at_least_five_of_six(told):
    six = [one for one in told if one["acceptance"]]
    assert len(six) == 6
    assert sum(one["inside"] for one in six) >= 5


def test_the_middle_is_within_a_factor_of_1_6(told):
    for one in told[:6]:
        assert 1 / published.FACTOR <= one["ratio"] <= published.FACTOR, one["name"]


def test_runs_that_nothing_is_fitted_to_lie_in_the_range_and_about_the_middle(told):
    """As many of them as of a range of 10 to 90 %, and no side of it is empty of room."""
    found = published.coverage([one for one in told if one["held_out"]])
    assert found["runs"] >= 12
    assert found["inside"] >= 0.7
    assert 0.75 <= found["geometric_mean"] <= 1.33


def test_the_recorded_run_covers_about_four_of_five_on_both_sides():
    groups = json.loads(published.RESULT.read_text("utf-8"))["groups"]
    for name in ("held-out families", "every family, by what all others teach"):
        assert 0.7 <= groups[name]["inside"] <= 0.9
        assert 0.8 <= groups[name]["geometric_mean"] <= 1.25
    out = groups["every family, by what all others teach"]
    assert out["runs"] >= 90
    assert min(out["faster"], out["slower"]) >= 0.25 * max(out["faster"], out["slower"])


def test_the_catalogue_holds_what_the_fitted_families_teach():
    fitted = json.loads(published.RESULT.read_text("utf-8"))["tuning"]
    for code, rule in catalogue.rules()["tuning"].items():
        assert rule == pytest.approx(fitted[code], abs=0.03)


def test_families_are_either_fitted_or_held_out_and_both_kinds_of_code_are_in_each():
    assert 0.4 < len(HELD) / len(RUNS) < 0.6
    for runs in (HELD, [run for run in RUNS if run["family"] in FITTED]):
        assert {"tokens" in run for run in runs} == {True, False}


def test_a_range_has_room_on_both_sides_and_is_no_wider_than_it_must_be(told):
    for one in told:
        assert one["p10"] < 0.85 * one["p50"], one["name"]
        assert one["p90"] / one["p10"] < 3.5, one["name"]


@pytest.mark.parametrize(
    ("model", "method", "code"),
    [("gpt2", "full", "language"), ("llama-3-8b", "full", "language"), ("llama-3-8b", "lora", "language"),
     ("bert-base", "full", "other"), ("t5-base", "full", "other"), ("vit-base", "full", "other"),
     ("resnet50", "full", "other")],
)  # fmt: skip
def test_only_language_models_that_write_run_on_code_that_many_tuned(model, method, code):
    plan = {"model": {"kind": model}, "data": {"rows": 100}, "training": {"batch_size": 2, "method": method}}
    assert speed.tuned_for(footprint.measure(*read(plan))) == code


def test_a_run_takes_no_less_than_its_sums_at_the_peak():
    model, wanted = read({"model": {"kind": "gpt2"}, "data": {"rows": 800}, "training": {"batch_size": 8}})
    plan = footprint.measure(model, wanted)
    card = catalogue.find("a100-80")
    with published.tuning({"language": {"times": 0.01, "spread": 0.4}}):
        fastest = speed.step_parts(plan, wanted, card, 1)[0][0]
    assert fastest >= plan.flops_per_row * 8 / card.peak(wanted.precision)


def test_every_run_says_where_it_is_from_and_how_long_its_rows_are():
    for run in RUNS:
        assert re.search(r"20[12]\d", run["source"]) or "read" in run["source"], run["name"]
        assert run.get("sequence", 1) > 0


def test_the_rules_of_utilisation_name_no_device_and_no_run():
    rules = catalogue.rules()
    names = {device.id for device in catalogue.devices()} | {run["name"] for run in RUNS}
    assert not names & set(map(str, (*rules, *rules["kinds"], *rules["tuning"])))


TABLES = published.runs()["throughput"]


@pytest.mark.parametrize("row", TABLES["rows"][::6], ids=lambda row: f"{row[0]}-{row[2]}")
def test_tuned_steps_reach_the_share_of_the_peak_that_is_published(row):
    (found,) = published.throughput({**TABLES, "rows": [row]})
    assert math.log(found["expected"] / found["published"]) == pytest.approx(0, abs=0.25)


def test_the_expected_share_falls_with_more_operations_a_byte_and_with_smaller_models():
    a100, h100, t4 = (catalogue.find(name) for name in ("a100-80", "h100", "t4"))
    assert speed.expected(a100, "bf16", 10**10) > speed.expected(h100, "bf16", 10**10)
    assert speed.expected(a100, "bf16", 10**10) > speed.expected(a100, "bf16", 10**8) > 0.2
    assert speed.expected(h100, "fp8", 10**10) < speed.expected(h100, "bf16", 10**10)
    assert speed.expected(t4, "fp16", None) < speed.expected(a100, "fp16", None)
    for device in catalogue.devices():
        assert 0.02 < speed.expected(device, "bf16", None) <= 0.9


# NVIDIA DeepLearningExamples, ResNet50 v1.5: how many times faster 8 devices are than one.
@pytest.mark.parametrize(
    ("device", "precision", "times"),
    [("v100-16", "fp32", 7.76), ("v100-16", "fp16", 6.93), ("v100", "fp16", 6.96), ("a100-80", "tf32", 7.72),
     ("a100-80", "fp16", 6.72)],
)  # fmt: skip
def test_eight_devices_speed_resnet_up_as_published(device, precision, times):
    plan = {"model": {"kind": "resnet50", "classes": 1000, "input_size": 224}, "data": {"rows": 1281167},
            "training": {"batch_size": 256, "precision": precision, "optimizer": "momentum",
                         "epochs": 1}}  # fmt: skip
    assert weak(plan, device, 8, 256) == pytest.approx(times, rel=0.2)


# llm-foundry's tables: tokens a second on the second number of devices over those on the first, FSDP.
@pytest.mark.parametrize(
    ("shape", "device", "first", "second", "rows", "times"),
    [((2560, 32, 20), "h100", 16, 64, 18, 1441663 / 386285),
     ((2048, 24, 16), "h100", 8, 64, 20, 2841754 / 363645),
     ((4096, 32, 32), "a100-40", 8, 128, 18, 463749 / 29436),
     ((4096, 32, 32), "a100-40", 16, 64, 18, 234614 / 58322),
     ((5120, 40, 40), "a100-40", 16, 128, 16, 252444 / 31900),
     ((5120, 40, 40), "h100", 8, 64, 2, 307209 / 38336)],
)  # fmt: skip
def test_language_models_scale_as_published(shape, device, first, second, rows, times):
    width, layers, heads = shape
    words = {
        "layers": layers,
        "width": width,
        "heads": heads,
        "sequence": 2048,
        "vocabulary": 50368,
        "tied": True,
    }
    plan = {"model": {"kind": "decoder", "transformer": words}, "data": {"rows": 10**6},
            "training": {"batch_size": rows, "precision": "bf16", "sharding": "zero3",
                         "epochs": 1}}  # fmt: skip
    found = weak(plan, device, second, rows) / weak(plan, device, first, rows)
    assert found == pytest.approx(times, rel=0.2)


# Horovod's README: 90 % on 512 P100 of four a machine with 25 Gbit/s between machines, ResNet-101.
def test_resnet_101_on_512_devices_with_a_slow_network():
    plan = {"model": {"kind": "resnet101", "classes": 1000, "input_size": 224}, "data": {"rows": 1281167},
            "training": {"batch_size": 64, "precision": "fp32", "optimizer": "momentum",
                         "epochs": 1}}  # fmt: skip
    assert weak(plan, "p100", 512, 64, Link(16, 4, 25 / 8 / 4)) / 512 == pytest.approx(0.9, rel=0.2)


def weak(plan, device, count, rows, link=None):
    """How many times faster ``count`` devices are than one, each with ``rows`` rows a step."""
    from dataclasses import replace

    import numpy as np

    from workers.probes.hardware import forecast

    model, wanted = read(plan)
    card = catalogue.find(device)
    card = replace(card, link=link) if link else card
    walked = footprint.measure(model, wanted)
    one, many = (
        np.median(
            forecast.step_seconds(walked, replace(wanted, batch=rows * n), card, n, np.random.default_rng(0))
        )
        for n in (1, count)
    )
    return count * one / many


def test_a_ring_takes_longer_between_machines_and_with_more_bytes():
    link = Link(300, 8, 25)
    assert links.ring(1e9, 1, link) == 0
    assert links.ring(1e9, 8, link) < links.ring(1e9, 16, link) < links.ring(1e9, 64, link)
    assert links.ring(2e9, 8, link) > 1.9 * links.ring(1e9, 8, link)
    assert links.ring(1e9, 8, link) == pytest.approx(2 * 7 / 8 * 1e9 / (0.8 * 300e9), rel=0.1)
    assert scaling.COUNTS[0] == 1
    assert scaling.COUNTS[-1] == 1024
