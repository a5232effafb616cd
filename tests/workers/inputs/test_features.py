"""The arrays: fitted on the train part only, small, finite, and good enough for a small net."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from tests.planting import sets
from tests.workers.inputs.conftest import table


def score(sample, *, target=0, strength=1.0):
    """Accuracy of a plain linear model from train to the rest."""
    from sklearn.linear_model import LogisticRegression

    x, y, train = sample.features, sample.labels(target), sample.split == 0
    fit, check = train & (y >= 0), ~train & (y >= 0)
    return LogisticRegression(C=strength, max_iter=300).fit(x[fit], y[fit]).score(x[check], y[check])


def test_features_are_centred_and_scaled_on_train(ready):
    sample = ready({"data.csv": table(400)}, targets=["label"])
    train = sample.features[sample.split == 0]
    assert sample.features.dtype == np.float32
    assert np.abs(train.mean(axis=0)).max() < 1e-5
    assert np.abs(train.std(axis=0) - 1).max() < 0.05
    told = sample.manifest["features"]
    assert told["names"] == ["size", "colour = red"]
    assert told["count"] == sample.features.shape[1] == 2


def test_test_rows_do_not_move_the_scale(ready):
    train = "a,b,label\n" + "".join(f"{i % 17},w{i % 3},{'xy'[i % 2]}\n" for i in range(60))
    test = "a,b,label\n" + "".join(f"{i % 5},w{i % 3},{'xy'[i % 2]}\n" for i in range(20))
    wild = "a,b,label\n" + "".join(f"{10_000 + i},new{i},{'xy'[i % 2]}\n" for i in range(20))
    calm = ready({"train.csv": train, "test.csv": test}, targets=["label"])
    before = calm.features[calm.split == 0].copy()
    stormy = ready({"train.csv": train, "test.csv": wild}, targets=["label"])
    assert np.array_equal(before, stormy.features[stormy.split == 0])


def test_missing_numbers_stand_at_the_median_and_are_told(ready):
    text = "a,label\n" + "".join(f"{'?' if i % 5 == 0 else i % 50},{'xy'[i % 2]}\n" for i in range(500))
    sample = ready({"data.csv": text}, targets=["label"])
    assert sample.manifest["features"]["names"] == ["a", "a is missing"]
    assert np.isfinite(sample.features).all()
    gone = sample.arrays["ids"] % 5 == 0
    assert len(np.unique(sample.features[gone, 0])) == 1
    assert (sample.features[gone, 1] > 0).all()
    assert (sample.features[~gone, 1] < 0).all()


def test_rare_levels_share_one_column(ready):
    text = "c,label\n" + "".join(
        f"level {i % 60 if i % 2 else i % 7},{'xy'[i % 3 % 2]}\n" for i in range(3000)
    )
    sample = ready({"data.csv": text}, targets=["label"])
    assert sample.manifest["features"]["count"] == 30
    assert sample.manifest["features"]["names"][-1] == "c = other"


def test_names_dates_constants_and_identifiers_are_no_features(ready):
    text = "id,name,born,same,v,label\n" + "".join(
        f"A{i:05},Ann Other{i},19{i * 37 % 90 + 10}-0{1 + i % 9}-1{i % 10},1,{i % 13},{'xy'[i % 2]}\n"
        for i in range(300)
    )
    sample = ready({"data.csv": text}, targets=["label"])
    roles = {c.name: (c.type, c.role) for c in sample.columns}
    assert roles["id"] == ("identifier", "ignored")
    assert roles["name"] == ("identifier", "ignored")
    assert roles["born"] == ("date", "ignored")
    assert roles["same"][1] == "ignored"
    assert roles["v"] == ("number", "feature")
    assert sample.manifest["features"]["names"] == ["v"]


def test_one_wild_value_does_not_flatten_the_rest(ready):
    text = "a,label\n" + "".join(f"{1e9 if i == 7 else i % 50},{'xy'[i % 2]}\n" for i in range(2000))
    sample = ready({"data.csv": text}, targets=["label"])
    assert np.ptp(np.delete(sample.features[:, 0], np.argmax(sample.features[:, 0]))) > 2
    assert sample.features.max() <= 10


def test_a_very_wide_table_is_turned_to_its_main_directions(ready):
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(120, 3))
    values = hidden @ rng.normal(size=(3, 1200)) + 0.01 * rng.normal(size=(120, 1200))
    text = ",".join([*(f"g{i}" for i in range(1200)), "label"]) + "\n"
    text += "".join(
        ",".join(f"{v:.3f}" for v in row) + f",{'xy'[int(h[0] > 0)]}\n"
        for row, h in zip(values, hidden, strict=True)
    )
    sample = ready({"data.csv": text}, targets=["label"])
    assert sample.features.shape[1] <= 512
    assert score(sample) > 0.9


def test_a_large_table_is_sampled_by_class(ready, monkeypatch):
    from workers.inputs import features

    monkeypatch.setattr(features, "SAMPLE", 200)
    text = "v,label\n" + "".join(f"{i % 97},{'rare' if i % 50 == 0 else 'common'}\n" for i in range(4000))
    sample = ready({"data.csv": text}, targets=["label"])
    assert sample.rows == 4000
    assert 190 <= len(sample.features) <= 200
    assert 3 <= (sample.labels() == sample.target.classes.index("rare")).sum() <= 8
    ids = sample.arrays["ids"]
    assert (np.diff(ids) > 0).all()
    with sample.table() as con:
        words = dict(con.execute("SELECT _id, label FROM rows").fetchall())
    assert [words[int(i)] for i in ids] == [sample.target.classes[c] for c in sample.labels()]


def test_the_same_seed_gives_the_same_bytes(ready, shared_data, tmp_path):
    file = {"titanic.csv": shared_data / "tabular" / "titanic.csv"}
    first = (ready(file, seed=1).folder / "arrays.safetensors").read_bytes()
    assert (ready(file, seed=1).folder / "arrays.safetensors").read_bytes() == first


@pytest.mark.parametrize(
    "data",
    [
        sets.csv(sets.shop(300), "returned"), sets.jsonl(sets.notes(40), "topic"),
        sets.picture_zip(*sets.shapes(12)), sets.sound_zip(*sets.tones(8)),
    ],
    ids=["table", "texts", "pictures", "sounds"],
)  # fmt: skip
def test_every_kind_of_upload_gives_the_same_bytes_and_rows_again(ready, data):
    seen = []
    for _ in range(2):
        sample = ready(data.files, targets=data.targets, seed=1)
        with sample.table() as con:
            rows = con.execute("SELECT * FROM rows ORDER BY _id").fetchall()
        seen.append((sample.manifest, rows, (sample.folder / "arrays.safetensors").read_bytes()))
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("name", "target", "least", "strength"),
    [
        ("tabular/breast_cancer.csv", "diagnosis", 0.95, 1.0),
        ("tabular/titanic.csv", "survived", 0.76, 1.0),
        ("tabular/penguins_raw.csv", "Species", 0.97, 1.0),
        ("images/digits.zip", "class", 0.97, 0.1),
        ("images/animals.zip", "class", 0.86, 0.01),
        ("text/spam.jsonl", "label", 0.94, 0.1),
        ("audio/spoken_digits.zip", "digit", 0.95, 0.1),
    ],
)
def test_a_linear_model_learns_from_them(ready, shared_data, name, target, least, strength):
    sample = ready({name.split("/")[1]: shared_data / name}, targets=[target])
    assert sample.features.shape[1] <= 1024
    assert np.isfinite(sample.features).all()
    assert score(sample, strength=strength) >= least


def test_rain_is_read_as_a_regression(ready, shared_data):
    from sklearn.linear_model import Ridge

    sample = ready({"w.csv.gz": shared_data / "timeseries" / "weather_ewr.csv.gz"}, targets=["precip"])
    y, train = sample.labels(), sample.split == 0
    assert sample.target.task == "regression"
    fit = Ridge(10).fit(sample.features[train], y[train])
    assert fit.score(sample.features[train], y[train]) > 0.1
    assert any("hour" in name for name in sample.manifest["features"]["names"])


def test_numbers_beyond_any_square_are_scaled_without_a_warning(ready):
    draw = np.random.default_rng(0)
    values = draw.normal(size=300)
    lines = [f"{value:.6f}e300,{'u' if value > 0 else 'v'}" for value in values]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sample = ready({"data.csv": "\n".join(["a,y", *lines])}, targets=["y"])
    column = sample.features[:, 0]
    assert abs(float(np.corrcoef(column, values)[0, 1])) > 0.99
