"""Where a net's weights start, and that it is then as right on new rows as plain torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from workers.fleet import Member, Net, train

torch.set_num_threads(1)


def test_a_net_starts_as_torchs_modules_do_and_one_that_asks_for_it_with_larger_weights():
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(60, 30)).astype(np.float32), draw.integers(0, 2, 60)
    members = [Member(seed=seed) for seed in range(40)]
    even, normal = (
        train(*rows, members, net=Net((16,), start=start), steps=0).parameters for start in ("even", "normal")
    )
    most = 1 / np.sqrt(30)
    assert float(even[0].abs().max()) <= most
    assert float(even[0].std()) == pytest.approx(most / np.sqrt(3), rel=0.02)
    assert 0 < float(even[1].abs().max()) <= most
    assert float(even[2].abs().max()) <= 1 / np.sqrt(16)
    assert float(normal[0].std()) == pytest.approx(np.sqrt(2 / 30), rel=0.02)
    assert not normal[1].any()
    with pytest.raises(ValueError, match="A start is one of even, normal"):
        Net((4,), start="orthogonal")


def test_a_net_gets_as_many_new_rows_right_as_plain_torch():
    """Two moons beside four columns of chance: from larger weights, chance is learnt by heart."""
    x, y = moons(450, 0)
    fresh, truth = moons(1500, 1)
    fleet = train(
        x, y, [Member(seed=seed, learning_rate=0.003) for seed in range(6)], net=Net((32, 32)), steps=1500,
        batch=32, optimizer="adam",
    )  # fmt: skip
    plain = [plain_torch(x, y, seed)(torch.from_numpy(fresh)).argmax(1).numpy() == truth for seed in range(3)]
    assert (fleet.predict(fresh) == truth).mean() == pytest.approx(np.mean(plain), abs=0.008)


def moons(rows, seed):
    draw = np.random.default_rng([seed, 102])
    y = draw.integers(0, 2, rows)
    angle = draw.uniform(0, np.pi, rows)
    x = np.stack([np.cos(angle) + y, np.sin(angle) * (1 - 2 * y) + 0.4 * y], axis=1)
    x = np.concatenate([x + draw.normal(0, 0.12, x.shape), draw.normal(size=(rows, 4))], axis=1)
    return x.astype(np.float32), y


def plain_torch(x, y, seed):
    torch.manual_seed(seed)
    net = torch.nn.Sequential(
        torch.nn.Linear(6, 32),
        torch.nn.ReLU(),
        torch.nn.Linear(32, 32),
        torch.nn.ReLU(),
        torch.nn.Linear(32, 2),
    )
    steps = torch.optim.Adam(net.parameters(), 0.003)
    rows, codes = torch.from_numpy(x), torch.from_numpy(y)
    for _ in range(100):
        for batch in torch.randperm(len(x)).split(32):
            steps.zero_grad()
            torch.nn.functional.cross_entropy(net(rows[batch]), codes[batch]).backward()
            steps.step()
    return net
