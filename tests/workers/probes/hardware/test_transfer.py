"""Transfer: what is shared saves rows, what is not does not, and the curves are read as they should."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.workers import factories
from workers.fleet import Head
from workers.probes.base import Budget, Sample
from workers.probes.flexibility.tasks import Tasks
from workers.probes.hardware import transfer
from workers.probes.surrogate import surrogate

torch.set_num_threads(1)


def two(first, second, x):
    """Tasks over the same rows, of which the last 600 test."""
    train, test = np.arange(len(x) - 600), np.arange(len(x) - 600, len(x))
    heads = (Head(int(first.max()) + 1), Head(int(second.max()) + 1))
    return Tasks(x, (first, second), heads, (train, train), (test, test), ("a", "b"), "", shared=False)


def circles(seed=0, rows=2000):
    """Inputs, the sector of the first two, and that of the next two."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, 8)).astype(np.float32)
    sector = [((np.arctan2(x[:, a], x[:, b]) + np.pi) / (2 * np.pi) * 5).astype(int) % 5 for a, b in
              ((0, 1), (2, 3))]  # fmt: skip
    return x, *sector


def share(first, second, x, way="fine_tune"):
    tasks = two(first, second, x)
    curves = transfer.measured(tasks, surrogate(Sample(), 1400), Budget())
    return transfer.saved(curves, way, 0)


def test_the_same_question_under_other_names_needs_a_few_rows():
    x, sector, _ = circles()
    renamed = (sector * 2 + 1) % 5
    tuned, frozen = (share(sector, renamed, x, way) for way in ("fine_tune", "frozen"))
    assert frozen[0] < 0.3
    assert frozen[0] < tuned[0] < 0.8
    for middle, low, high in (tuned, frozen):
        assert low <= middle <= high


def test_what_has_nothing_in_common_saves_nothing():
    x, sector, other = circles()
    assert share(sector, other, x)[2] > 0.6
    assert share(sector, other, x, "frozen")[0] == 1.0


@pytest.mark.parametrize(
    ("curve", "wanted", "rows"),
    [
        ([0.5, 0.7, 0.9], 0.5, 10),
        ([0.5, 0.7, 0.9], 0.7, 100),
        ([0.5, 0.7, 0.9], 0.6, 10**1.5),
        ([0.5, 0.4, 0.9], 0.45, 10),  # it never falls
        ([0.5, 0.7, 0.8], 0.9, np.inf),
    ],
)
def test_rows_are_read_off_the_curve(curve, wanted, rows):
    assert transfer.needed(np.array([10, 100, 1000]), np.array(curve), wanted) == pytest.approx(rows)


def test_a_finding_holds_both_curves(tmp_path):
    finding = transfer.run(factories.digits(tmp_path), Budget())
    assert finding.state == "measured"
    assert {one["id"] for one in finding.facts["curves"]} == set(transfer.WAYS)
    assert 0 < finding.low <= finding.value <= finding.high <= 1
    assert finding.facts["shares"][1]["computing"] == pytest.approx(finding.facts["shares"][1]["share"] / 3)
    again = transfer.run(factories.digits(tmp_path / "b"), Budget())
    assert again.as_json() == finding.as_json()


def test_noise_is_inconclusive(tmp_path):
    draw = np.random.default_rng(0)
    sample = factories.write_sample(
        tmp_path, draw.normal(size=(600, 5)).astype(np.float32), draw.integers(0, 6, 600)
    )
    finding = transfer.run(sample, Budget())
    assert finding.state == "skipped"
    assert finding.note.startswith("Inconclusive: ")


def test_without_data_it_is_skipped():
    assert transfer.run(Sample(), Budget()).state == "skipped"
