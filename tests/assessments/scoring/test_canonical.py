"""JSON of a report is the same everywhere, and holds only what JSON can."""

from datetime import date

import numpy as np
import pytest

from assessments.scoring import canonical


def test_numpy_dates_and_numbers_without_end_become_plain_json():
    given = {
        "a": np.float32(0.5),
        "b": np.arange(2),
        "c": float("nan"),
        "d": (1, date(2026, 11, 12)),
        3: np.bool_(1),
    }
    assert canonical.plain(given) == {"a": 0.5, "b": [0, 1], "c": None, "d": [1, "2026-11-12"], "3": True}
    assert canonical.plain(np.float64("inf")) is None


def test_what_json_cannot_hold_is_named_by_its_path():
    with pytest.raises(TypeError, match=r"facts\.pairs\[1\] is a set"):
        canonical.plain({"pairs": [1, {2}]}, "facts")


def test_the_digest_does_not_depend_on_order_or_on_a_written_point_zero():
    assert canonical.digest({"a": 1.0, "b": [2, 1e20]}) == canonical.digest({"b": [2.0, 10**20], "a": 1})
    assert canonical.digest({"a": 1}) != canonical.digest({"a": 1.5})
    assert canonical.digest([1, 2]) != canonical.digest([2, 1])


@pytest.mark.parametrize(
    ("found", "expected", "paths"),
    [
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, ["a[0].b"]),
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": True}, {"a": 1}, ["a"]),
        ({"a": None}, {"a": 0}, ["a"]),
        ({"a": 1}, {}, ["a"]),
        ({"a": [1]}, {"a": [1, 2]}, ["a"]),
        ({"a": {"b": 1}}, {"a": 3}, ["a"]),
    ],
)
def test_differences_are_named_by_path(found, expected, paths):
    assert list(canonical.differences(found, expected)) == paths
