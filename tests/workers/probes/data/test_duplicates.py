"""Copies are found where they were planted; what repeats by chance or by nature is no fault."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_breast_cancer, load_digits

from tests.planting import judge, sets
from tests.workers.probes.tables import prepared
from workers.inputs import audio
from workers.probes.base import Budget
from workers.probes.data import duplicates
from workers.probes.data.shared import near_copies, near_pictures


def standard(x):
    return ((x - x.mean(0)) / (x.std(0) + 1e-6)).astype(np.float32)


def table_of(x):
    return {f"x{j}": [repr(float(v)) for v in column] for j, column in enumerate(x.T)}


def faults(finding):
    return {fault["fault"]: fault for fault in finding.facts["faults"]}


def test_clean_numbers_hold_no_copies(tmp_path):
    x = load_breast_cancer().data
    finding = duplicates.run(prepared(tmp_path, table_of(x), features=standard(x)), Budget())
    assert (finding.value, finding.facts["faults"]) == (0.0, [])


def test_equal_rows_are_found_however_they_are_written(tmp_path):
    x = load_breast_cancer().data[:300]
    columns = table_of(np.concatenate([x, x[:20]]))
    columns["x0"][300:] = [f" {float(v):.6e} " for v in columns["x0"][300:]]
    finding = duplicates.run(
        prepared(
            tmp_path,
            columns,
            features=standard(np.concatenate([x, x[:20]])),
            types=dict.fromkeys(columns, "number"),
        ),
        Budget(),
    )
    assert finding.facts["exact"] == 20
    assert faults(finding)["duplicates"]["pairs"][3] == [{"row": 3}, {"row": 303}]
    assert finding.value == pytest.approx(20 / 320)
    assert finding.low < finding.value < finding.high


def test_noisy_copies_of_rows_are_found(tmp_path):
    x = standard(load_breast_cancer().data)
    noisy = x[:30] + np.random.default_rng(0).normal(0, 0.01, (30, 30))
    both = np.concatenate([x, noisy])
    finding = duplicates.run(prepared(tmp_path, table_of(both), features=both), Budget())
    found = {tuple(place["row"] for place in pair) for pair in faults(finding)["near_duplicates"]["pairs"]}
    planted = {(i, 569 + i) for i in range(30)}
    assert len(found & planted) >= 28
    assert len(found - planted) <= 2


def test_rows_that_repeat_because_values_are_few_are_no_fault(tmp_path):
    rng = np.random.default_rng(1)
    columns = {name: [str(v) for v in rng.integers(0, 3, 600)] for name in "abcd"}
    finding = duplicates.run(prepared(tmp_path, columns), Budget())
    assert finding.facts["exact"] > 400
    assert finding.facts["expected_by_chance"] == pytest.approx(finding.facts["exact"], rel=0.1)
    assert finding.value < 0.02
    assert {fault["severity"] for fault in finding.facts["faults"]} <= {"low"}


def test_identifiers_that_come_back_are_named(tmp_path):
    x = load_breast_cancer().data[:100]
    columns = {"case": [f"A{i % 90}" for i in range(100)], **table_of(x)}
    finding = duplicates.run(
        prepared(tmp_path, columns, features=standard(x), types={"case": "identifier"}), Budget()
    )
    assert faults(finding)["repeated_identifiers"]["columns"] == ["case"]
    assert finding.facts["repeated_identifiers"] == {"case": 10}
    assert finding.title.startswith("case comes back in 10 rows")


def test_moved_and_lightened_pictures_are_copies_and_others_are_not():
    rng = np.random.default_rng(2)
    pictures = (load_digits().images[:700] * 15).astype(np.uint8)
    copies = []
    for i in range(40):
        moved = np.roll(pictures[i], tuple(rng.integers(-1, 2, 2)), (0, 1)).astype(float)
        copies.append(np.clip(moved * rng.uniform(0.85, 1.15) + rng.normal(0, 3, moved.shape), 0, 255))
    both = np.concatenate([pictures, np.array(copies)]).astype(np.uint8)[..., None]
    found = {tuple(pair) for pair in near_pictures.pictures(both).at.tolist()}
    planted = {(i, 700 + i) for i in range(40)}
    assert len(found & planted) >= 38
    assert len(found - planted) <= 3


def test_edited_texts_are_copies_and_unlike_ones_are_not():
    rng = np.random.default_rng(3)
    words = [f"word{i}" for i in range(400)]
    cells = [" ".join(rng.choice(words, 80)) for _ in range(200)]
    edited = [cell.replace(" ", "  ", 3)[:1].upper() + cell[1:-5] + " ..." for cell in cells[:25]]
    found = near_copies.texts(cells + edited, seed=0)
    assert [tuple(pair) for pair in found] == [(i, 200 + i) for i in range(25)]


def test_a_column_that_stood_still_in_training_hides_no_copies():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(600, 12))
    x[:, 0] = 0
    own = rng.choice(400, 40, replace=False)
    again = x[own] + rng.normal(0, 0.01, (40, 12))
    train = x[:400]
    both = np.concatenate([x, again])
    both[400:600, 0] = rng.normal(0, 1, 200)
    found = near_copies.tables(((both - train.mean(0)) / (train.std(0) + 1e-6)).astype(np.float32))
    assert {tuple(pair) for pair in found.tolist()} == {(int(i), 600 + k) for k, i in enumerate(own)}


def test_what_was_done_to_a_picture_is_told_and_drawings_of_one_kind_are_no_copies():
    pictures, _ = sets.shapes(each=60, seed=4)
    assert len(near_pictures.pictures(pictures).at) == 0
    own = np.arange(0, 60, 3)
    for change, how in (
        (lambda p: p[:, :, ::-1], "mirrored"), (lambda p: np.rot90(p, 1, axes=(1, 2)), "turned"),
        (lambda p: np.clip(p * 0.8 + 20, 0, 255).astype(np.uint8), "alike"),
    ):  # fmt: skip
        found = near_pictures.pictures(np.concatenate([pictures, change(pictures[own])]))
        assert [tuple(pair) for pair in found.at.tolist()] == [(i, 180 + k) for k, i in enumerate(own)]
        assert set(found.how) == {how}


def blots(number, side=28, seed=0):
    """Silhouettes grown together from six spots, much like each other: uint8 [number, side, side, 1]."""
    rng = np.random.default_rng([seed, 61])
    y, x = np.mgrid[:side, :side] / side
    spots = rng.uniform(0.3, 0.7, (number, 6, 2, 1, 1))
    wide = rng.uniform(0.05, 0.1, (number, 6, 1, 1))
    away = ((y - spots[:, :, 0]) ** 2 + (x - spots[:, :, 1]) ** 2) / wide**2
    return ((np.exp(-away / 2).sum(axis=1) > 0.5) * 220 + 20).astype(np.uint8)[..., None]


def test_light_cuts_of_small_pictures_are_found_and_pictures_much_alike_are_none():
    pictures = blots(300)
    assert len(near_pictures.pictures(pictures).at) == 0
    cuts = []
    for turn, picture in enumerate(pictures[:30]):
        side, top, left = 26 - turn % 3, turn % 3, turn // 3 % 3
        cut = Image.fromarray(picture[top : top + side, left : left + side, 0])
        cuts.append(np.asarray(cut.resize((28, 28), Image.Resampling.BILINEAR))[..., None])
    found = near_pictures.pictures(np.concatenate([pictures, np.stack(cuts)]))
    named = {tuple(pair) for pair in found.at.tolist()}
    assert named <= {(i, 300 + i) for i in range(30)}
    assert len(named) >= 14  # among so much alike, a coarse search finds nine


def heard(sounds, rate=8000):
    return np.stack([audio.printed(np.asarray(one, np.float64), rate) for one in sounds])


def test_sounds_made_louder_or_put_into_silence_are_copies_and_takes_of_one_kind_are_none():
    sounds, _ = sets.tones(each=30, seed=5)
    sounds = [sound / 32768 for sound in sounds]
    assert len(near_copies.sounds(heard(sounds))) == 0
    for change in (
        lambda one: (1.8 * one).clip(-1, 1), lambda one: 0.3 * one, lambda one: np.pad(one, (2500, 900)),
        lambda one: np.pad(0.5 * one, (37, 4000)) + 0.01,
    ):  # fmt: skip
        found = near_copies.sounds(heard([*sounds, *map(change, sounds[:20])]))
        assert found.tolist() == [[i, 90 + i] for i in range(20)]


def test_sounds_that_hold_nothing_are_no_copies_of_each_other():
    sounds, _ = sets.tones(each=30, seed=5)
    level = [np.full(length, 0.2) for length in (3000, 4000, 5000)]
    assert len(near_copies.sounds(heard([*(sound / 32768 for sound in sounds), *level]))) == 0


def test_rows_that_lack_a_text_are_not_near_for_that(tmp_path):
    rng = np.random.default_rng(6)
    x = np.hstack([rng.normal(size=(400, 6)), 3 * rng.normal(size=(400, 60))])
    x[:60, 6:] = 0  # no text
    groups = [{"name": f"x{j}", "start": j, "stop": j + 1, "type": "number"} for j in range(6)]
    groups.append({"name": "note", "start": 6, "stop": 66, "type": "text"})
    sample = prepared(tmp_path, table_of(x[:, :6]), features=x)
    sample.manifest["features"] = {"groups": groups}
    assert duplicates.run(sample, Budget()).facts["near"] == 0


def test_files_without_content_are_no_copies_of_each_other(tmp_path):
    names = [f"{i}.wav" for i in range(6)]
    columns = {
        "sha256": ["a", "a", "b", "b", "c", "c"], "peak": ["0", "0", "0.5", "0.5", "", ""],
    }  # fmt: skip
    broken = {"fault": "broken_files", "severity": "medium", "files": names[4:]}
    sample = prepared(tmp_path, columns, kind="audio", files=names, faults=[broken])
    finding = duplicates.run(sample, Budget())
    assert finding.facts["pairs"] == [[{"file": "2.wav"}, {"file": "3.wav"}]]


def test_rows_without_features_one_picture_and_many_columns_are_no_trouble(tmp_path):
    bare = prepared(tmp_path / "a", {"y": ["0", "1"] * 30}, features=np.empty((60, 0), np.float32))
    assert duplicates.run(bare, Budget()).state == "measured"
    assert near_pictures.pictures(np.zeros((1, 8, 8, 3), np.uint8)).at.shape == (0, 2)
    x = np.random.default_rng(0).normal(size=(60, 450))
    x[59] = x[0]
    wide = duplicates.run(prepared(tmp_path / "b", table_of(x), features=standard(x)), Budget())
    assert wide.facts["exact"] == 1


def test_icons_saved_in_another_size_are_copies():
    from PIL import Image, ImageDraw

    rng = np.random.default_rng(12)
    drawn = []
    for _ in range(200):
        colours = [tuple(int(v) for v in rng.integers(low, low + 90, 3)) for low in (160, 20)]
        picture = Image.new("RGB", (32, 32), colours[0])
        x, y, side = (int(v) for v in rng.integers((3, 3, 14), (9, 9, 21)))
        kind = int(rng.integers(3))
        pen = ImageDraw.Draw(picture)
        if kind == 0:
            pen.ellipse((x, y, x + side, y + side), fill=colours[1])
        elif kind == 1:
            pen.rectangle((x, y, x + side, y + side), fill=colours[1])
        else:
            pen.polygon((x, y + side, x + side // 2, y, x + side, y + side), fill=colours[1])
        noise = rng.normal(0, 3, (32, 32, 3))
        drawn.append(Image.fromarray((np.asarray(picture) + noise).clip(0, 255).astype(np.uint8)))
    whole = np.stack([np.asarray(picture) for picture in drawn])
    assert not len(near_pictures.pictures(whole).at)
    again = [np.asarray(p.resize((26, 26), Image.Resampling.BICUBIC).resize((32, 32))) for p in drawn[:16]]
    found = near_pictures.pictures(np.concatenate([whole, np.stack(again)])).at.tolist()
    assert len([pair for pair in found if pair[1] - pair[0] == 200]) >= 13
    assert len(found) <= 17


def test_a_text_that_belongs_to_a_product_comes_back_by_nature():
    rng = np.random.default_rng(7)
    written = sets.reviews(300)["review"]
    item = rng.integers(0, 300, 900)
    frame = sets.reviews().assign(number=[f"S{one}" for one in item], review=written.to_numpy()[item])
    assert judge.named(judge.finding("data.duplicates", sets.csv(frame, "verdict")), "near_duplicates") == []


def test_a_text_that_comes_back_among_changed_columns_is_told_as_that():
    frame = sets.reviews()
    again = frame.iloc[300:360].assign(item="lamp", votes=99, price=1.5)
    found = judge.finding("data.duplicates", sets.csv(pd.concat([frame, again]), "verdict"))
    (entry,) = judge.named(found, "near_duplicates")
    assert "60 pairs have a long text in common, and other columns differ." in entry["note"]
    split = judge.finding("data.split_overlap", sets.split_csv(frame, again, "verdict"))
    assert judge.named(split, "near_duplicates_across_split")


def test_dates_that_cannot_be_read_tell_rows_apart_as_they_are_written():
    rng = np.random.default_rng(7)
    days = np.datetime64("2021-01-01") + rng.integers(0, 900, 600)
    stamps = pd.to_datetime(days) + pd.to_timedelta(rng.integers(0, 86_400, 600), unit="s")
    forms = ("%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%B %d, %Y %H:%M:%S")
    frame = pd.DataFrame(
        {
            "entered": [stamp.strftime(forms[rng.integers(4)]) for stamp in stamps],
            "place": rng.choice(list("ABCD"), 600),
            "stars": rng.integers(1, 6, 600),
            "returned": rng.choice(["yes", "no"], 600),
        }
    )
    frame.iloc[1] = frame.iloc[0]
    finding = judge.finding("data.duplicates", sets.csv(frame, "returned"))
    assert finding.facts["exact"] == 1
    assert finding.note == "1 exact copy in 600 rows."
    assert judge.finding("data.label_conflicts", sets.csv(frame.drop(index=1), "returned")).value == 0
