"""Planned convolutions and word vectors that are small enough are trained as they are, and no others."""

from __future__ import annotations

import io
import json
import wave
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from workers.fleet import Convolution, WordVectors
from workers.inputs import prepare
from workers.probes import fronts, surrogate
from workers.probes.base import Budget, Sample
from workers.probes.hyperparameters import baseline, learning_rate, overfitting, search

torch.set_num_threads(1)

MARKS = np.array([[[0, 1, 0], [1, 1, 1], [0, 1, 0]], [[1, 0, 1], [0, 1, 0], [1, 0, 1]]])
SMALL = {"kind": "cnn", "channels": [6, 8], "hidden": [16]}
TRAINED = {"optimizer": "adam", "learning_rate": 0.005, "batch_size": 32, "epochs": 12}


def packed(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def marked(path, rows=240, side=10, colour=False):
    """Pictures of a plus or a cross somewhere in noise."""
    draw, files = np.random.default_rng(0), {}
    for number in range(rows):
        kind = number % 2
        pixels = draw.integers(0, 90, (side, side, 3 if colour else 1))
        down, right = draw.integers(0, side - 2, 2)
        pixels[down : down + 3, right : right + 3] += 150 * MARKS[kind][..., None]
        out = io.BytesIO()
        Image.fromarray(pixels.squeeze().astype(np.uint8)).save(out, "PNG")
        files[f"{('plus', 'cross')[kind]}/{number}.png"] = out.getvalue()
    return packed(path, files)


def sound(pitch, seed):
    draw, out = np.random.default_rng(seed), io.BytesIO()
    tones = np.sin(2 * np.pi * pitch * np.arange(4_000) / 8_000) * 8_000 + draw.normal(0, 500, 4_000)
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(tones.astype(np.int16).tobytes())
    return out.getvalue()


@pytest.fixture(scope="module")
def upload(tmp_path_factory):
    """Prepares a file once, and gives its Sample with any plan."""
    folder, known = tmp_path_factory.mktemp("fronts"), {}

    def sample(name, make, model, target=None, **training):
        if name not in known:
            path = make(folder / name)
            plan = {"data": {"target": target, "text": "text"}} if target else {}
            prepare([path], [path.name], folder / f"{name}.prepared", plan=plan)
            known[name] = folder / f"{name}.prepared"
        return Sample(known[name], {"model": model, "training": {**TRAINED, **training}, "seed": 1})

    return sample


def rows_of(sample):
    found = surrogate.rows(sample, 0)
    assert not isinstance(found, str)
    return found


def test_the_planned_convolutions_see_the_pictures_themselves(upload):
    sample = upload("colour.zip", lambda path: marked(path, 120, colour=True), SMALL)
    found = rows_of(sample)
    seen, stand_in = surrogate.network(sample, found)
    assert stand_in.net.front == Convolution((3, 10, 10), (6, 8))
    assert stand_in.net.hidden == (16,)
    assert stand_in.caveats == ("Built of 3 x 3 convolutions, each with ReLU and 2 x 2 pooling.",)
    pixels = sample.arrays["images"][np.searchsorted(sample.arrays["ids"], found.ids)]
    ours = seen.x.reshape(-1, 3, 10, 10).transpose(0, 2, 3, 1)
    # One scale for all pixels, after the mean picture was taken off.
    wanted = (pixels / 255.0) - (pixels / 255.0)[found.train].mean(0)
    scale = wanted.std() / ours.std()
    np.testing.assert_allclose(ours * scale, wanted, atol=0.02)


@pytest.mark.parametrize(
    ("model", "side"),
    [
        ({"kind": "cnn"}, 10),  # nobody says how large it is
        ({"kind": "cnn", "channels": [64, 128]}, 10),
        ({"kind": "cnn", "channels": [6, 8], "hidden": [512]}, 10),
        ({"kind": "cnn", "channels": [6, 8], "hidden": [16, 16, 16]}, 10),
        ({"kind": "cnn", "channels": [6, 8], "input_size": 64}, 10),
        ({"kind": "cnn", "channels": [6, 8], "pretrained": True}, 10),
        ({"kind": "resnet18", "channels": [6, 8]}, 10),
        (SMALL, 28),  # prepared smaller than it is
    ],
)
def test_a_network_that_is_not_trained_as_planned_lends_no_settings(upload, model, side):
    sample = upload(f"{side}.zip", lambda path: marked(path, 120, side), model)
    seen, stand_in = surrogate.network(sample, rows_of(sample))
    assert stand_in.net.front is None
    assert seen.x.shape == sample.features[: len(seen.x)].shape
    assert "settings of its own" in stand_in.caveats[0]
    assert search.of(sample, Budget()) == surrogate.not_trainable(sample)
    assert surrogate.not_trainable(sample)


@pytest.mark.parametrize(
    ("channels", "epochs", "as_planned"), [((8, 16), 10, True), ((32, 32), 2, True), ((32, 32), 40, False)]
)
def test_whether_a_network_is_trained_as_planned_is_a_matter_of_all_its_work(
    upload, channels, epochs, as_planned
):
    model = {"kind": "cnn", "channels": list(channels)}
    sample = upload("12.zip", lambda path: marked(path, 600, 12), model, epochs=epochs)
    stand_in = surrogate.network(sample, rows_of(sample))[1]
    assert (stand_in.net.front is not None) == as_planned
    assert (surrogate.not_trainable(sample) is None) == as_planned


def test_a_rate_that_is_far_too_low_is_measured_on_the_planned_network(upload):
    sample = upload("many.zip", lambda path: marked(path, 600), SMALL, learning_rate=0.01 / 30, epochs=20)
    found = learning_rate.run(sample, Budget())
    assert [fault["fault"] for fault in found.facts["faults"]] == ["learning_rate_too_low"]
    assert found.facts["surrogate"]["model"] == "network"


def test_its_own_parameters_are_counted(upload):
    sample = upload("marks.zip", marked, SMALL, epochs=40, learning_rate=0.01)
    found = overfitting.run(sample, Budget())
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 6, 3), torch.nn.Conv2d(6, 8, 3), torch.nn.Linear(8 * 3 * 3, 16),
        torch.nn.Linear(16, 2),
    )  # fmt: skip
    own = sum(parameter.numel() for parameter in net.parameters())
    assert "The planned network scores" in found.note
    counted = found.facts["observations"]
    assert counted["planned"]
    assert counted["parameters"] == pytest.approx(own, rel=0.01)  # an offset that stays at 0 is not counted


def test_simple_models_beside_it_learn_from_features(upload):
    """The planned convolutions see pixels, what they are compared with all features."""
    sample = upload("marks.zip", marked, SMALL, epochs=40, learning_rate=0.01)
    found = baseline.run(sample, Budget())
    assert found.facts["surrogate"]["model"] == "network"
    assert found.facts["planned"]["score"] > 0.85
    best = next(one for one in found.facts["models"] if one["model"] == found.facts["best"])
    features = baseline.run(upload("marks.zip", marked, {"kind": "mlp"}), Budget())
    assert (
        best["score"]
        == next(one for one in features.facts["models"] if one["model"] == best["model"])["score"]
    )
    assert best["score"] < found.facts["planned"]["score"] - 0.1


def test_sounds_are_seen_as_bands_over_time(upload):
    def make(path):
        return packed(path, {f"{n % 2}/{n}.wav": sound((400, 1_200)[n % 2], n) for n in range(120)})

    sample = upload("sounds.zip", make, {"kind": "cnn", "channels": [4, 8]})
    seen, stand_in = surrogate.network(sample, rows_of(sample))
    assert stand_in.net.front == Convolution((2, 8, 24), (4, 8))
    assert "24 bands in 8 pieces" in stand_in.caveats[1]
    bands = seen.x.reshape(-1, 2, 8, 24)
    low, high = (bands[seen.y == kind, 1, 0].mean(0) for kind in (0, 1))
    assert low.argmax() < high.argmax()  # the mean of each band, the same in all pieces
    np.testing.assert_array_equal(bands[:, 1, 0], bands[:, 1, 7])


def test_texts_are_seen_as_numbers_of_words(upload):
    def make(path):
        draw = np.random.default_rng(0)
        words = [f"w{k}" for k in range(40)]
        with path.open("w") as file:
            for number in range(120):
                said = " ".join([*draw.choice(words, 6), ("good", "bad")[number % 2], f"only{number}"])
                file.write(json.dumps({"text": said, "label": ("yes", "no")[number % 2]}) + "\n")
        return path

    sample = upload("texts.jsonl", make, {"kind": "fasttext"}, target="label", learning_rate=0.05)
    found = rows_of(sample)
    seen, stand_in = surrogate.network(sample, found)
    words = 40 + 2 + len(found.train)  # those of all, the two that tell, and one of each text's own
    assert stand_in.net.front == WordVectors(words, 8, 16, small=True)
    assert stand_in.net.hidden == ()
    assert seen.x.shape == (len(found.y), 8)
    written = (seen.x > 0).sum(1)
    assert (written[found.train] == 8).all()
    assert (written[found.test] == 7).all()  # a word that no training row has is no word
    said = learning_rate.run(sample, Budget())
    assert said.state == "measured"
    assert "as vectors of 16 numbers" in said.note
    assert "The plan names no width of its word vectors: 16 was assumed." in said.note
    assert "start as fastText's do, between -1/16 and 1/16" in said.note
    assert fronts.planned(Sample(sample.folder, {"model": {"kind": "fasttext", "transformer":
        {"embedding_width": 301}}})) is None  # fmt: skip
    counted = overfitting.run(sample, Budget()).facts["observations"]
    assert counted["planned"]
    assert counted["parameters"] == 16 * words + 2 * (16 + 1)


@pytest.mark.parametrize(
    ("told", "width"),
    [({"embedding_width": 24}, 24), ({"transformer": {"width": 12}}, 12),
     ({"transformer": {"embedding_width": 12, "width": 99, "vocabulary": 30, "sequence": 3}}, 12)],
)  # fmt: skip
def test_word_vectors_are_as_wide_as_planned(upload, told, width):
    def make(path):
        draw = np.random.default_rng(0)
        words = [f"w{k}" for k in range(40)]
        rows = [{"text": " ".join(draw.choice(words, 6)), "label": "yn"[n % 2]} for n in range(120)]
        path.write_text("\n".join(map(json.dumps, rows)))
        return path

    sample = upload("same words.jsonl", make, {"kind": "embedding_bag", **told}, target="label")
    seen, stand_in = surrogate.network(sample, rows_of(sample))
    inner = told.get("transformer", {})
    words, length = inner.get("vocabulary", 40), inner.get("sequence", 6)
    assert stand_in.net.front == WordVectors(words, length, width)
    assert seen.x.shape[1] == length
    assert seen.x.max() == words
    said = " ".join(stand_in.caveats)
    assert "assumed. Name model.dim" not in said
    assert f"The {words} {'commonest ' if 'vocabulary' in inner else ''}words of" in said


def test_signs_of_a_script_without_spaces_are_words(upload):
    def make(path):
        draw = np.random.default_rng(0)
        with path.open("w") as file:
            for number in range(160):
                said = (
                    "".join(draw.choice(list("的一是了我不人在他有这个上们来"), 30)) + "好坏"[number % 2] * 2
                )
                file.write(json.dumps({"text": said, "label": ("yes", "no")[number % 2]}) + "\n")
        return path

    sample = upload("signs.jsonl", make, {"kind": "fasttext"}, target="label", learning_rate=0.05, epochs=40)
    found = rows_of(sample)
    seen, _ = surrogate.network(sample, found)
    assert ((seen.x > 0).sum(1) == 32).all()
    said = learning_rate.run(sample, Budget())
    assert said.state == "measured"


def test_what_a_training_does_without_is_said(upload):
    told = {"augmentation": {"rotation": 10}, "class_weight": "balanced", "batch_size": 256, "dropout": 0.5}
    model = {"kind": "cnn", "channels": [6, 8], "activation": "gelu"}
    sample = upload("many.zip", lambda path: marked(path, 600), model, **told)
    caveats = " ".join(surrogate.network(sample, rows_of(sample))[1].caveats)
    assert "without the planned augmentation and class weight and dropout" in caveats
    assert "batches of 128 instead of 256" in caveats
    dense = upload("many.zip", lambda path: marked(path, 600), {**model, "hidden": [16]}, dropout=0.5)
    caveats = " ".join(surrogate.network(dense, rows_of(dense))[1].caveats)
    assert "ReLU instead of gelu" in caveats
    assert "dropout" not in caveats


def test_planned_convolutions_are_no_linear_model(upload):
    sample = upload("marks.zip", marked, {"kind": "cnn", "channels": [6, 8]}, epochs=5)
    found = baseline.run(sample, Budget())
    simpler = {one["model"] for one in found.facts["models"] if one["simpler"]}
    assert {"linear", "nearest", "boosting"} <= simpler
