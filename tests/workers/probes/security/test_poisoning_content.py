"""What is worked out once for many views of the same rows is what each view would work out by itself."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from tests.planting import sets
from workers.inputs import images
from workers.probes.security.poisoning import content
from workers.probes.security.poisoning.ground import Ground


@pytest.mark.parametrize("left_out", [0, 1, 12, 29])
def test_a_view_without_some_columns_says_what_a_regression_on_the_others_says(left_out):
    rng = np.random.default_rng(left_out)
    x = rng.normal(size=(200, 30)).astype(np.float32)
    y = (x[:, 0] + rng.normal(size=200) > 0).astype(int) + (x[:, 1] > 1)
    without, kept = rng.random(200) < 0.1, np.ones(30, bool)
    kept[rng.permutation(30)[:left_out]] = False
    told = content.Linear(x, y, without, 3).judged(kept)
    fold = content._folds(without, 3)
    for k in range(content.FOLDS):
        learnt, asked = (fold >= 0) & (fold != k), content._asked(fold, k)
        plain = Ridge(content.PENALTY).fit(x[learnt][:, kept], np.eye(3)[y[learnt]])
        np.testing.assert_allclose(told[asked], plain.predict(x[asked][:, kept]), atol=1e-5)


def test_pictures_of_which_a_few_are_changed_are_described_like_all_anew():
    stack, labels = sets.shapes(20, side=40)
    y = np.unique(labels, return_inverse=True)[1]
    ground = Ground("images", stack.reshape(60, -1), y, np.arange(60), ("a", "b", "c"), (40, 40, 3), (),
                    pictures=stack)  # fmt: skip
    rows, changed = np.array([3, 40, 41]), stack.copy()
    changed[rows, 5:15] = 255
    for told, anew in zip(ground.described_with(changed, rows), images.described(changed), strict=True):
        np.testing.assert_allclose(told, anew, atol=1e-6)
    np.testing.assert_array_equal(ground.described[0], images.described(stack)[0])  # its own stay as they are
