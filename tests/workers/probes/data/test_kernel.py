"""Pictures are held against mirror images of each other where the labels bear it, and only there."""

from __future__ import annotations

import numpy as np

from tests.planting import sets
from workers.probes.data.shared import kernel
from workers.probes.data.shared.out_of_fold import folds


def right(alike, y, fold):
    chances = kernel.chances(alike, y, int(y.max()) + 1, fold, np.ones(len(y), bool))
    return float((chances.argmax(axis=1) == y).mean()), chances


def parted(pictures, labels):
    """Pictures, codes and folds; and the same in the plain way alone."""
    y = np.unique(labels, return_inverse=True)[1]
    fold = folds(pictures.reshape(len(pictures), -1).astype(np.float32), y, 0)
    alike = kernel.pictures(pictures[..., None])
    return alike, kernel.Alike(alike.ways[:1], alike.ridge), y, fold


def test_few_pictures_that_look_left_tell_of_those_that_look_right():
    gained = []
    for seed in range(4):
        alike, plain, y, fold = parted(*sets.facing(20, seed=seed))
        gained.append(right(alike, y, fold)[0] - right(plain, y, fold)[0])
    assert np.mean(gained) > 0.04


def test_what_its_mirror_image_is_not_is_never_taken_for_it():
    pictures, labels = sets.facing(60)
    flags = pictures[np.array(labels) == "flag"]
    turned = (flags[:, :, :14].mean(axis=(1, 2)) < flags[:, :, 14:].mean(axis=(1, 2))).astype(int)
    alike, plain, y, fold = parted(flags, turned)
    assert right(alike, y, fold)[0] > 0.9
    assert np.array_equal(right(alike, y, fold)[1], right(plain, y, fold)[1])


def test_some_of_the_rows_are_alike_as_they_are_among_all():
    alike = kernel.pictures(sets.facing(10)[0][..., None])
    some = alike.among(np.array([3, 1, 4]))
    assert some.ridge == alike.ridge
    assert some.ways[1][0, 2] == alike.ways[1][3, 4]
    assert all(np.allclose(np.diag(way), 1) and np.allclose(way, way.T) for way in alike.ways)
