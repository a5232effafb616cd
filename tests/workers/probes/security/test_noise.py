"""Ordinary disturbances: each does what its name says, planted weakness is named, sound models are not."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

from tests.planting import judge, sets
from tests.workers import factories
from workers.probes.base import Budget
from workers.probes.security import noise
from workers.probes.security.noise import pictures, sounds, tables, texts
from workers.probes.security.noise.course import MIDDLE, Kind
from workers.probes.surrogate import rows

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return factories.digits(tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="module")
def measured(digits):
    return noise.run(digits, Budget())


def serious(finding):
    return [fault for fault in finding.facts["faults"] if fault["severity"] != "low"]


# -- the finding ----------------------------------------------------------------------------------------
def test_the_worst_kind_at_middle_strength_is_the_value(measured):
    facts = measured.facts
    assert measured.state == "measured"
    worst = max(facts["disturbances"], key=lambda one: one["lost"][MIDDLE])
    assert facts["worst"] == worst["kind"] == facts["disturbances"][0]["kind"]
    assert measured.value == pytest.approx(worst["lost"][MIDDLE])
    assert measured.value == pytest.approx(1 - worst["score"][MIDDLE] / facts["clean"], abs=1e-6)
    assert 0 <= measured.low <= measured.value <= measured.high
    assert {one["kind"] for one in facts["disturbances"]} == {kind.id for kind in pictures.KINDS}
    assert not serious(measured)


def test_what_takes_nothing_away_is_not_called_the_worst(tmp_path):
    draw = np.random.default_rng(0)
    labels = np.arange(300) % 2
    far = np.where(labels[:, None] == 1, 50.0, -50.0) + draw.normal(size=(300, 12))
    finding = noise.run(factories.write_sample(tmp_path, far, labels), Budget())
    assert finding.title == "Ordinary noise does no harm here: accuracy stays at 100%"
    assert finding.note.startswith("With each of ")
    assert "most harm" not in finding.note


def test_stronger_noise_does_not_help(measured):
    for one in measured.facts["disturbances"]:
        slight, middle, strong = one["score"]
        assert slight >= middle - 0.02 >= strong - 0.04


def test_the_twin_tells_what_it_regains_and_what_it_costs(measured):
    (twin,) = measured.facts["mitigations"]
    assert twin["cost"] == pytest.approx(measured.facts["clean"] - twin["clean"], abs=1e-9)
    assert twin["cost_low"] <= twin["cost"] <= twin["cost_high"]
    assert twin["value"] < measured.value + 0.02


def test_pictures_show_every_kind_and_strength(measured):
    shown = measured.facts["examples"]
    assert len(shown) == 1 + 3 * len(pictures.KINDS)
    plain = np.asarray(Image.open(io.BytesIO(base64.b64decode(shown[0]["png"]))))
    for one in shown[1:]:
        assert (np.asarray(Image.open(io.BytesIO(base64.b64decode(one["png"])))) != plain).any(), one["kind"]


def test_equal_seeds_give_equal_findings(digits, measured):
    assert json.dumps(noise.run(digits, Budget()).as_json()) == json.dumps(measured.as_json())
    assert noise.run(digits, Budget(seed=2)).value != measured.value


def test_a_short_budget_measures_fewer_kinds_or_nets_and_says_so(digits):
    finding = noise.run(digits, Budget(seconds=4))
    assert finding.facts["seeds"] == 1
    assert "as the time allowed" in finding.note


# -- planted weakness, and sound models -------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(2))
def test_classes_told_apart_by_the_last_bits_of_the_pixels_are_fragile(tmp_path, seed):
    """Two classes of plain pictures, one of them 6 of 255 steps lighter in the left half."""
    draw = np.random.default_rng([seed, 3])
    y = draw.integers(0, 2, 700)
    stack = np.full((700, 12, 12, 1), 120.0) + draw.normal(0, 1, (700, 12, 12, 1))
    stack[y == 1, :, :6] += 6
    finding = judge.finding(
        "security.noise",
        sets.picture_zip(stack.round().astype(np.uint8)[..., 0], [f"c{c}" for c in y]),
        seed=seed,
    )
    assert finding.facts["clean"] > 0.9
    (fault,) = finding.facts["faults"]
    assert fault["fault"] == "fragile_to_noise"
    assert finding.value > 0.2


@pytest.mark.parametrize("seed", range(3))
def test_classes_of_broad_shapes_are_no_serious_fault(seed):
    stack, labels = sets.shapes(80, seed=seed)
    finding = judge.finding("security.noise", sets.picture_zip(stack, labels), seed=seed)
    assert finding.state == "measured"
    assert not [one for one in serious(finding) if one["severity"] == "high"]


@pytest.mark.parametrize("name", ["iris", "wine", "cancer"])
def test_sound_tables_are_no_fault(name):
    frame = getattr(sets, name)()
    finding = judge.finding("security.noise", sets.csv(frame, frame.columns[-1]))
    assert finding.state == "measured"
    assert not finding.facts["faults"]


def test_a_table_that_hangs_on_a_hair_is_fragile(tmp_path):
    draw = np.random.default_rng(0)
    y = draw.integers(0, 2, 800)
    common = draw.normal(size=800)
    features = np.column_stack([common, common + 0.08 * (2 * y - 1) + 0.01 * draw.normal(size=800)])
    finding = noise.run(factories.write_sample(tmp_path, features, y), Budget())
    if finding.state == "skipped":  # a small net may not find so fine a line at all
        assert "Inconclusive" in finding.note
        return
    assert finding.facts["faults"][0]["fault"] == "fragile_to_noise"


def test_a_number_to_predict_loses_a_share_of_what_is_explained(tmp_path):
    finding = noise.run(factories.diabetes(tmp_path), Budget())
    assert finding.state == "measured"
    assert finding.facts["measure"] == "variance explained"
    assert "matrix" not in finding.facts
    assert 0 <= finding.value <= 1
    assert "accuracy" not in finding.title


def test_a_model_that_learnt_nothing_is_inconclusive(tmp_path):
    draw = np.random.default_rng(0)
    for number, target in enumerate((draw.integers(0, 2, 400), draw.normal(size=400).astype(np.float32))):
        sample = factories.write_sample(tmp_path / str(number), draw.normal(size=(400, 5)), target)
        finding = noise.run(sample, Budget())
        assert finding.state == "skipped"
        assert finding.note.startswith("Inconclusive:")


def test_spikes_and_dropouts_are_tried_on_series():
    finding = judge.finding("security.noise", sets.csv(sets.series(900), "load"))
    assert {"spikes", "dropouts"} <= {one["kind"] for one in finding.facts.get("disturbances", ())}


def test_sounds_are_heard_again():
    finding = judge.finding("security.noise", sets.sound_zip(*sets.tones(45)))
    assert finding.state == "measured"
    assert {one["kind"] for one in finding.facts["disturbances"]} == {kind.id for kind in sounds.KINDS}


def test_texts_are_spoilt_as_they_were_written():
    finding = judge.finding("security.noise", sets.jsonl(sets.notes(120), "topic"))
    scores = {one["kind"]: one["score"] for one in finding.facts["disturbances"]}
    assert set(scores) == {kind.id for kind in texts.KINDS}
    assert scores["case"] == [finding.facts["clean"]] * 3, "capitals are read as small letters"


# -- each way of spoiling ---------------------------------------------------------------------------------
def test_pictures_read_again_have_the_features_that_prepare_gave_them(digits):
    found = rows(digits, 0)
    stack = digits.arrays["images"][:700]
    mask = np.arange(700) % 3 > 0
    reader = pictures.Reader(stack, mask)
    again = reader.features(stack[100:160])
    assert np.abs(again - reader.x[100:160]).max() < 1e-3
    assert len(found.train)


@pytest.mark.parametrize("kind", pictures.KINDS, ids=lambda kind: kind.id)
@pytest.mark.parametrize("shape", [(8, 8, 1), (24, 31, 3)])
def test_a_spoilt_picture_differs_more_the_stronger_it_is(kind, shape):
    draw = np.random.default_rng(0)
    smooth = draw.integers(0, 255, (6, 4, 4, shape[2])).astype(np.uint8)
    stack = np.stack([
        np.asarray(Image.fromarray(one[..., 0] if shape[2] == 1 else one).resize(shape[1::-1])).reshape(shape)
        for one in smooth
    ])  # fmt: skip
    away = [np.abs(pictures.spoilt(stack, kind, at, 0).astype(int) - stack).mean() for at in range(3)]
    assert 0 < away[0] < away[2]
    assert away[0] < 40


def test_missing_cells_are_written_as_prepare_writes_them(tmp_path):
    frame = sets.shop(600)
    frame.loc[::9, "weight_g"] = None
    frame.loc[::11, "colour"] = None
    data = sets.csv(frame, "returned")
    seen = {}

    def look(sample, budget):
        found = rows(sample, 0)
        seen["places"], seen["found"], seen["sample"] = tables._places(sample, found), found, sample
        seen["groups"] = {g["name"]: g for g in sample.manifest["features"]["groups"]}
        seen["gone"] = {
            name: np.flatnonzero([value in (None, "") for value in _column(sample, found.ids, name)])
            for name in ("weight_g", "colour")
        }
        return noise.run(sample, budget)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workers.probes.catalog.load", lambda probe: look)
        judge.finding("security.noise", data)
    for name in ("weight_g", "colour"):
        group, found = seen["groups"][name], seen["found"]
        (place,) = [one for one in seen["places"] if one.start == group["start"]]
        real = found.x[seen["gone"][name], group["start"] : group["stop"]]
        assert len(real) > 20
        assert np.abs(real - place.empty).max() < 0.05, name


def _column(sample, ids, name):
    return sample.cells(name, ids)


def test_a_dropout_keeps_sending_the_last_value():
    values = np.arange(200.0)
    out = tables._dropped(values, 0.2, np.random.default_rng(0))
    stuck = np.flatnonzero(out != values)
    assert 15 <= len(stuck) <= 45
    assert (out[stuck] < values[stuck]).all()


def test_sound_is_spoilt_by_as_much_as_is_said():
    rate, draw = 8000, np.random.default_rng(0)
    sound = 0.5 * np.sin(np.arange(8000) * 0.3).astype(np.float32)

    def spoilt(name: str, strength: int) -> np.ndarray:
        return sounds.spoilt(sound, rate, Kind(name, "", ()), strength, draw)

    for strength, wanted in enumerate((20, 10, 5)):
        added = spoilt("background", strength) - sound
        ratio = 10 * np.log10(np.mean(sound**2) / np.mean(added**2))
        assert ratio == pytest.approx(wanted, abs=0.5)
    assert np.abs(spoilt("quieter", 1)).max() == pytest.approx(0.5 / 10**0.6, rel=0.01)
    assert np.abs(spoilt("clipped", 0)).max() == pytest.approx(0.25, rel=0.01)
    assert np.abs(spoilt("shifted", 2)[:1600]).max() < 0.01
    spectrum = np.abs(np.fft.rfft(spoilt("muffled", 2)))
    assert spectrum[1100:].max() < 1e-3 * max(1, spectrum.max())
