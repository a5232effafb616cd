"""Who waits for whom: rates are those of the files, waiting follows from them, and the advice helps."""

from __future__ import annotations

import io
import json
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workers.inputs.prepare import prepare
from workers.probes.base import Budget, Sample, Upload
from workers.probes.hardware import input_pipeline
from workers.probes.hardware.input_pipeline import augment, device, loading, telling, waiting, ways
from workers.probes.hardware.input_pipeline.pictures import Pictures
from workers.probes.hardware.input_pipeline.waiting import HANDOVER, Waiting

DRAWS = 4_000
PLAN = {"model": {"kind": "resnet152", "input_size": 64, "classes": 2},
        "training": {"batch_size": 64, "precision": "bf16", "epochs": 90, "optimizer": "momentum", "runs": 1},
        "data": {"rows": 1_000_000},
        "hardware": {"train": {"device": "t4"}}}  # fmt: skip


def picture(rng, size):
    small = rng.integers(0, 256, (size[1] // 16 + 1, size[0] // 16 + 1, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def photos(path, count, size, seed=0, broken=0):
    rng, files = np.random.default_rng(seed), {}
    for place in range(count):
        out = io.BytesIO()
        picture(rng, size).save(out, "JPEG", quality=90)
        files[f"{'ab'[place % 2]}/{place}.jpg"] = out.getvalue()
    for place in range(broken):
        files[f"a/broken{place}.jpg"] = b"no picture at all"
    return zipped(path, files)


def tone(seconds, rate=8_000, seed=0):
    import wave

    rng, out = np.random.default_rng(seed), io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((rng.normal(0, 3000, int(seconds * rate))).astype(np.int16).tobytes())
    return out.getvalue()


def prepared(path: Path, plan, folder: Path, raw=True) -> Sample:
    prepare([path], [path.name], folder, plan=plan)
    return Sample(folder, plan=plan, uploads=(Upload(path, path.name),) if raw else ())


def planned(**changes):
    """PLAN with training settings replaced."""
    return {**PLAN, "training": {**PLAN["training"], **changes}}


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Sample:
    """40 photographs of 640 x 480 and two broken files."""
    folder = tmp_path_factory.mktemp("large")
    return prepared(photos(folder / "p.zip", 40, (640, 480), broken=2), PLAN, folder / "prepared")


@pytest.fixture(scope="module")
def found(large):
    return input_pipeline.run(large, Budget(seconds=4))


def test_an_accelerator_that_waits_for_pictures_is_a_fault_with_what_ends_it(found):
    json.dumps(found.as_json(), allow_nan=False)
    facts = found.facts
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.value > 0.5
    fault = facts["faults"][0]
    assert (fault["fault"], fault["severity"]) == ("loader_bound", "high")
    assert fault["needed"] == facts["needed"] > 1
    assert f"{facts['needed']} loader workers end that" in found.note
    assert f"{found.value:.0%} of the time for pictures" in found.title
    assert facts["waits"][0]["p50"] == pytest.approx(found.value, abs=0.02)  # no workers are planned
    assert found.sample == facts["examples"] <= 40  # broken files are not among them


def test_the_workers_it_advises_end_the_waiting(large, found):
    plan = planned(workers=round(1.5 * found.facts["needed_sure"]))
    after = input_pipeline.run(replace(large, plan=plan), Budget(seconds=4))
    assert after.value < 0.05
    assert after.facts["faults"] == after.facts["mitigations"] == []
    assert "are loaded as fast as the accelerator takes them" in after.title


def test_one_core_loads_as_many_as_a_plain_loop_does(large, found):
    """The rate is held against decoding and resizing the same files by hand."""
    with zipfile.ZipFile(large.uploads[0].path) as archive:
        data = [archive.read(name) for name in archive.namelist() if "broken" not in name][:20]
    best = np.inf
    for _ in range(4):
        start = time.thread_time()
        for one in data:
            with Image.open(io.BytesIO(one)) as image:
                pixels = image.convert("RGB").resize((64, 64), Image.Resampling.BILINEAR)
            (np.asarray(pixels, np.float32) / 255).transpose(2, 0, 1).copy()
        best = min(best, (time.thread_time() - start) / len(data))
    assert found.facts["loader"]["p50"] == pytest.approx(1 / best, rel=0.6)


def test_smaller_copies_load_much_faster_and_say_what_they_take(found):
    own, *others = found.facts["ways"]
    small = next(way for way in others if way["id"] == "smaller")
    assert small["loads"]["p10"] > 2 * own["loads"]["p90"]  # 64 x 64 instead of 640 x 480
    assert 1_000_000 * 500 < small["bytes"] < 1_000_000 * 20_000
    assert small["needed"] < found.facts["needed"]
    assert {m["basis"] for m in found.facts["mitigations"]} == {"estimated", "measured"}


def test_small_pictures_on_a_processor_raise_no_alarm(tmp_path):
    plan = {"model": {"kind": "cnn", "channels": [32, 64]}, "training": {"epochs": 3, "batch_size": 32}}
    sample = prepared(photos(tmp_path / "p.zip", 30, (32, 32)), plan, tmp_path / "prepared")
    found = input_pipeline.run(sample, Budget(seconds=4))
    assert found.state == "measured"
    assert all(fault["severity"] == "low" for fault in found.facts["faults"])
    assert found.facts["mitigations"] == []
    assert "Nobody named a device" in " ".join(found.facts["assumed"])


def test_seconds_of_waiting_are_no_serious_fault_however_large_their_share(large):
    plan = {**planned(epochs=1), "data": {"rows": 200}}
    found = input_pipeline.run(replace(large, plan=plan), Budget(seconds=4))
    assert found.value > 0.5
    assert [fault["severity"] for fault in found.facts["faults"]] == ["low"]
    assert "it can stay as it is" in found.note


def test_sounds_are_decoded_and_turned_into_spectra(tmp_path):
    files = {f"{'ab'[k % 2]}/{k}.wav": tone(1.0, seed=k) for k in range(12)}
    plan = {"model": {"kind": "mlp", "hidden": [64]}, "hardware": {"train": {"device": "t4"}},
            "data": {"rows": 50_000_000}, "training": {"epochs": 100, "batch_size": 4096}}  # fmt: skip
    sample = prepared(zipped(tmp_path / "s.zip", files), plan, tmp_path / "prepared")
    found = input_pipeline.run(sample, Budget(seconds=4))
    assert found.state == "measured"
    assert {"decode", "turn into a spectrum"} <= {one["stage"] for one in found.facts["stages"]}
    stored = next(way for way in found.facts["ways"] if way["id"] == "spectra")
    assert stored["loads"]["p50"] > found.facts["loader"]["p50"]


def test_rows_of_a_table_are_gathered_and_whole_batches_are_the_advice(tmp_path):
    rng = np.random.default_rng(0)
    lines = ["a,b,c,y"] + [f"{a:.3f},{b:.3f},{c:.3f},{a > 0:d}" for a, b, c in rng.normal(size=(600, 3))]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines))
    plan = {"model": {"kind": "mlp", "hidden": [64, 64]}, "hardware": {"train": {"device": "h100"}},
            "data": {"rows": 500_000_000}, "training": {"epochs": 20, "batch_size": 256}}  # fmt: skip
    found = input_pipeline.run(prepared(path, plan, tmp_path / "prepared", raw=False), Budget(seconds=4))
    batches = next(way for way in found.facts["ways"] if way["id"] == "batches")
    assert batches["loads"]["p50"] > 1.5 * found.facts["loader"]["p50"]
    assert "rows" in found.title


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"model": {}}, "names no model"), ({"model": {"kind": "xgboost"}}, "whole table at once"),
     ({"model": {"kind": "no such thing"}}, "cannot be built here")],
)  # fmt: skip
def test_without_a_plan_that_loads_it_is_skipped_with_the_reason(large, change, reason):
    found = input_pipeline.run(replace(large, plan={**PLAN, **change}), Budget(seconds=4))
    assert found.state == "skipped"
    assert reason in found.note


def test_without_the_files_it_is_skipped_with_the_reason(large):
    found = input_pipeline.run(replace(large, uploads=()), Budget(seconds=4))
    assert found.state == "skipped"
    assert "files are not there any more" in found.note


def test_where_dozens_of_workers_would_be_needed_smaller_files_are_the_advice(found):
    facts = {**found.facts, "needed": 120}
    small = next(way for way in facts["ways"] if way["id"] == "smaller")
    small = {**small, "needed": 2}
    facts["ways"] = [facts["ways"][0], small]
    assert telling.advice(facts) == (
        "Store the pictures at the size that the model sees: then 2 loader workers end that, and not 120."
    )
    assert [one["basis"] for one in telling.mitigations(facts)] == ["measured"]
    alone = {**facts, "ways": facts["ways"][:1]}  # without another way, many workers are all there is
    assert telling.advice(alone).startswith("120 loader workers end that")


# -- waiting, from given rates ----------------------------------------------------------------------------
def consumer(rows, kind="accelerator", cores=None):
    return device.Consumer("it", kind, 1, cores, "nobody", True, lambda _: np.full(DRAWS, float(rows)), False)


def test_waiting_follows_from_the_two_rates():
    made = Waiting(np.full(DRAWS, 100.0), consumer(1_000), batch=10_000)
    assert made.share(0) == pytest.approx(1_000 / 1_100)  # in turns: 10 ms of loading, 1 ms of computing
    assert made.share(4) == pytest.approx(0.6, abs=0.001)
    assert made.share(12) == pytest.approx(0)
    assert made.share(8, cores=4) == pytest.approx(0.6, abs=0.001)  # workers beyond the cores bring nothing
    assert made.needed() == 10  # which leaves less than a twentieth


def test_small_batches_of_rows_gain_nothing_from_workers():
    made = Waiting(np.full(DRAWS, 400_000.0), consumer(250_000), batch=32)
    assert made.needed() is None
    assert made.share(16) == pytest.approx(1 - 32 / HANDOVER / 250_000)
    assert made.share(0).mean() < made.share(16).mean()


def test_a_processor_computes_on_the_cores_that_are_left():
    shared = replace(consumer(0, telling.PROCESSOR, 4), rows=lambda busy: np.full(DRAWS, 100.0 * busy))
    made = Waiting(np.full(DRAWS, 300.0), shared, batch=1_000)
    assert made.share(1) == pytest.approx(0, abs=0.001)  # one loads 300, three compute 300
    assert made.needed() == 1


def test_the_range_covers_moments_and_batches():
    times = np.array([[1.0, 3.0], [2.0, 6.0]])  # the second pass was twice as slow
    rates = loading.Loaded(times, np.array([1, 1]), {}, 1.0).rates(0)
    assert np.quantile(rates, 0.02) == pytest.approx(1 / 6, rel=0.01)
    assert np.quantile(rates, 0.98) == pytest.approx(1.0, rel=0.01)
    assert rates == pytest.approx(loading.Loaded(times, np.array([1, 1]), {}, 1.0).rates(0))


def test_the_disk_counts_where_no_cache_can_hold_the_files(large, monkeypatch):
    monkeypatch.setattr(ways, "memory_here", lambda: 1_000)
    monkeypatch.setattr(ways.files, "cold_seconds", lambda _: 0.05)
    found = input_pipeline.run(large, Budget(seconds=4))
    assert found.facts["from_disk"]
    assert found.facts["loader"]["p50"] < 1 / 0.05
    assert found.facts["stages"][0]["stage"] == "wait for the disk"
    assert any("too large for memory" in one for one in found.facts["assumed"])


def test_the_cores_of_the_planned_machine_are_shared_by_its_devices(large):
    fast = {"train": {"device": "a100", "count": 8, "cores": 16}}
    plan = {**planned(workers=8), "model": {**PLAN["model"], "kind": "resnet50"}, "hardware": fast}
    found = input_pipeline.run(replace(large, plan=plan), Budget(seconds=4))
    assert found.facts["cores"] == 2
    assert found.facts["waits"][8]["p50"] < found.value  # eight workers would do, had they cores


# -- what the plan does to a picture ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given", "kinds", "unknown"),
    [
        ({"rotation": 180, "horizontal_flip": 0.5, "copies": 5}, {"rotate", "flip"}, ()),
        (["RandomResizedCrop", {"name": "ColorJitter", "brightness": 0.2}], {"crop", "colour"}, ()),
        ("flip, gaussian noise, sepia", {"flip", "noise"}, (" sepia",)),
        ({"flip": False, "rotation": 0}, set(), ()),
        (True, {"crop", "flip"}, ()),
        (None, set(), ()),
    ],
)
def test_augmentation_is_read_in_every_form(given, kinds, unknown):
    steps = augment.read(given)
    assert set(steps.kinds) == kinds
    assert steps.unknown == unknown


def test_every_kind_of_change_leaves_a_picture_of_the_planned_size(tmp_path):
    path = tmp_path / "one.jpg"
    picture(np.random.default_rng(0), (120, 90)).save(path)
    steps = augment.Steps(tuple(sorted(augment.PICTURE_KINDS)), ())
    made = path
    for _, work in Pictures((48, 40), False, steps, 0).stages():
        made = work(made)
    assert tuple(made.shape) == (3, 48, 40)


def test_more_augmentation_takes_more_time(large):
    rates = []
    for given in ({}, {"rotation": 10, "color_jitter": 0.3, "blur": 1}):
        plan = {**planned(augmentation=given), "model": {**PLAN["model"], "input_size": 224}}
        rates.append(input_pipeline.run(replace(large, plan=plan), Budget(seconds=3)).facts["loader"]["p50"])
    assert rates[1] < 0.9 * rates[0]


def test_figures_count_workers_one_by_one_where_they_matter():
    assert waiting.counts(12) == [*range(13)]
    assert waiting.counts(64)[-1] <= 64
    assert len(waiting.counts(64)) < 30
