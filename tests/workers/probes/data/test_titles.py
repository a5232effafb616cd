"""Titles say what the value, its interval and the faults say."""

from __future__ import annotations

import numpy as np
import pytest

from tests.workers.probes.tables import prepared
from workers.probes.base import Budget
from workers.probes.data import class_balance, learning_curve
from workers.probes.hardware import words


def test_a_class_of_few_rows_is_told_first(tmp_path):
    finding = class_balance.run(prepared(tmp_path, {"y": ["a"] * 6 + ["b"] * 7}, {"y": "binary"}), Budget())
    assert finding.title == "2 classes of y have fewer than 20 rows"


@pytest.mark.filterwarnings("ignore:overflow")
def test_huge_numbers_still_have_a_histogram(tmp_path):
    y = ["1e308", "-1e308", "3"] * 10
    finding = class_balance.run(prepared(tmp_path, {"y": y}, {"y": "regression"}), Budget())
    assert len(finding.facts["histogram"]["counts"]) == 20


def test_noise_promises_nothing_from_more_data(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 4)).astype(np.float32), [str(v) for v in rng.integers(0, 2, 200)]
    finding = learning_curve.run(prepared(tmp_path, {"y": y}, {"y": "binary"}, features=x), Budget())
    assert finding.state == "skipped"
    assert "more_data_helps" not in [fault["fault"] for fault in finding.facts["faults"]]


@pytest.mark.parametrize(("number", "said"), [(69_191_807, "69 million"), (1_234, "1,200"), (37, "37")])
def test_counts_are_rounded(number, said):
    assert words.rounded(number) == said
