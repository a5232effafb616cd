"""Which rows a member learns from in a step, where the last batch of a pass is a short one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

from workers.fleet import Member, Net, draws, train

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def cancer():
    x, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(x).astype(np.float32), y


@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 1.5, 60)])
def test_the_last_batch_of_a_pass_may_be_a_short_one_as_a_loader_has_it(cancer, weights):
    x, y = cancer
    member = Member(seed=3, rows=np.arange(60), learning_rate=0.05, weights=None if weights is None else
                    np.r_[weights, np.ones(len(x) - 60)])  # fmt: skip
    net = Net(hidden=(8,))
    order = draws.Orders([member], [np.arange(60)], 16, last=12).block()[:, 0]
    batches = [batch[batch >= 0] for batch in order[:9]]
    assert [len(batch) for batch in batches] == [16, 16, 16, 12] * 2 + [16]
    assert sorted(np.concatenate(batches[:4])) == list(range(60))
    begun = train(x, y, [member], net=net, steps=0).parameters
    wide, offset, head, bias = (view[0].clone().requires_grad_() for view in begun)
    made = torch.optim.SGD([wide, offset, head, bias], 0.05, momentum=0.9)
    counts = torch.ones(len(x)) if weights is None else torch.from_numpy(member.weights).float()
    for batch in batches:
        made.zero_grad()
        said = torch.relu(torch.from_numpy(x[batch]) @ wide + offset) @ head.T + bias[:, 0]
        each = torch.nn.functional.cross_entropy(said, torch.from_numpy(y[batch]), reduction="none")
        (each * counts[batch]).mean().backward()
        made.step()
    ours = train(x, y, [member], net=net, steps=9, batch=16, optimizer="sgd", last=12)
    for one, other in zip(ours.parameters, (wide, offset, head, bias), strict=True):
        torch.testing.assert_close(one[0], other.detach(), atol=1e-5, rtol=1e-4)


def test_a_member_with_fewer_rows_than_a_last_batch_learns_from_them_all():
    order = draws.Orders([Member()], [np.arange(5)], 16, last=12).block()[0, 0]
    assert sorted(order[order >= 0]) == [0, 1, 2, 3, 4]
