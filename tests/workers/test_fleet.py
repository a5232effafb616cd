"""Member k of a fleet equals the same member trained alone, and each knob does what it says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.preprocessing import StandardScaler

from workers.fleet import Head, Member, Net, race, train, training

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def digits():
    x, y = load_digits(return_X_y=True)
    return StandardScaler().fit_transform(x).astype(np.float32), y


@pytest.fixture(scope="module")
def cancer():
    x, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(x).astype(np.float32), y


def apart(x, y, members, **how):
    """The largest difference between members trained together and each trained alone."""
    fleet = train(x, y, members, **how)
    worst = 0.0
    for k, member in enumerate(members):
        alone = train(x, y, [member], **how)
        assert alone.steps[0] == fleet.steps[k]
        for together, single in zip(fleet.parameters, alone.parameters, strict=True):
            worst = max(worst, float((together[k] - single[0]).abs().max()))
    return worst


VARIED = [
    Member(seed=0),
    Member(seed=1, learning_rate=0.02, dropout=0.3, steps=40),
    Member(seed=2, weight_decay=0.05, rows=np.arange(60)),
    Member(seed=3, width=(9, 5), init_scale=0.5, dropout=0.1),
    Member(seed=4, rows=np.arange(7), steps=70),
    Member(seed=5, labels=np.arange(569) % 2, learning_rate=0.001),
    Member(seed=6, weights=np.linspace(0, 2, 569)),
]


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_member_does_not_notice_its_neighbours(cancer, optimizer, activation):
    net = Net(hidden=(16, 12), activation=activation)
    assert apart(*cancer, VARIED, net=net, steps=90, batch=32, optimizer=optimizer) < 1e-5


@pytest.mark.parametrize("hidden", [(), (16,)])
def test_nor_with_fewer_layers(cancer, hidden):
    members = [Member(seed=s, dropout=0.2 * (s % 2), steps=30 + 20 * s) for s in range(4)]
    assert apart(*cancer, members, net=Net(hidden=hidden), batch=32) < 1e-5


def test_nor_when_it_stops_early(cancer):
    x, y = cancer
    held = np.arange(400, 569)
    members = [
        Member(seed=s, rows=np.arange(400), learning_rate=0.03, dropout=0.2 * (s > 1), steps=300 - 13 * s)
        for s in range(4)
    ]
    how = {"net": Net((16, 16)), "batch": 32, "validation": held, "patience": 2, "every": 10}
    assert train(x, y, members, **how).steps.max() < 250  # so the test is about stopping early
    assert apart(x, y, members, **how) < 1e-5


def test_a_large_fleet_trains_group_by_group_with_the_same_result(cancer, monkeypatch):
    members = [Member(seed=s) for s in range(6)]
    whole = train(*cancer, members, steps=40)
    monkeypatch.setattr(training, "CPU_BYTES", 2 * 4 * 64 * (30 + 3 * 64 + 2))
    parts = train(*cancer, members, steps=40)
    for a, b in zip(whole.parameters, parts.parameters, strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=0)


def optimised(model, optimizer, lr, decay):
    """Torch's own optimiser of a module, of which weights decay and offsets do not."""
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in model.parameters() if p.ndim == 1], "weight_decay": 0.0},
    ]
    return {
        "sgd": lambda: torch.optim.SGD(groups, lr=lr, momentum=0.9),
        "adam": lambda: torch.optim.Adam(groups, lr=lr),
        "adamw": lambda: torch.optim.AdamW(groups, lr=lr),
    }[optimizer]()


def plain_loop(fleet_start, x, y, steps, lr, decay, optimizer, orders):
    """The same member in ordinary torch: nn.Sequential and torch.optim."""
    layers = [torch.nn.Linear(x.shape[1], 16), torch.nn.ReLU(), torch.nn.Linear(16, 2)]
    model = torch.nn.Sequential(*layers)
    with torch.no_grad():
        layers[0].weight.copy_(fleet_start[0][0].T)
        layers[0].bias.copy_(fleet_start[1][0, 0])
        layers[2].weight.copy_(fleet_start[2][0])
        layers[2].bias.copy_(fleet_start[3][0, :, 0])
    made = optimised(model, optimizer, lr, decay)
    xs, ys = torch.from_numpy(x), torch.from_numpy(y)
    for step in range(steps):
        rows = orders[step]
        made.zero_grad()
        torch.nn.functional.cross_entropy(model(xs[rows]), ys[rows]).backward()
        made.step()
    return model


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_a_member_is_what_plain_torch_makes_of_it(cancer, optimizer):
    from workers.fleet.draws import Orders

    x, y = cancer
    member = Member(seed=3, learning_rate=0.01, weight_decay=0.02)
    net = Net(hidden=(16,))
    start = train(x, y, [member], net=net, steps=0)
    orders = Orders([member], [np.arange(len(x))], 32)
    rows = np.concatenate([orders.block()[:, 0] for _ in range(2)])
    model = plain_loop(start.parameters, x, y, 60, 0.01, 0.02, optimizer, rows)
    fleet = train(x, y, [member], net=net, steps=60, batch=32, optimizer=optimizer)
    torch.testing.assert_close(fleet.logits(x)[0], model(torch.from_numpy(x)), atol=2e-4, rtol=1e-4)


def test_the_same_seed_gives_the_same_bits(cancer):
    members = [Member(seed=s, dropout=0.2) for s in range(3)]
    first, second = (train(*cancer, members, steps=50) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters, second.parameters, strict=True))
    assert not torch.equal(first.parameters[0][0], first.parameters[0][1])


def test_it_learns(digits):
    x, y = digits
    fleet = train(x, y, [Member(seed=s, rows=np.arange(1200)) for s in range(3)], steps=300)
    assert ((fleet.predict(x)[:, 1200:] == y[1200:]).mean(1) > 0.9).all()
    np.testing.assert_allclose(fleet.probabilities(x).sum(-1), 1, atol=1e-5)


def test_rows_outside_a_members_set_are_never_learnt(cancer):
    x, y = cancer
    spoilt = x.copy()
    spoilt[300:] = np.nan
    fleet = train(spoilt, y, [Member(rows=np.arange(300)), Member(seed=1)], steps=20)
    assert fleet.finite().tolist() == [True, False]  # and a diverged member harms nobody else


def test_regression_answers_in_the_targets_own_unit():
    x, y = load_diabetes(return_X_y=True)
    x = StandardScaler().fit_transform(x).astype(np.float32)
    fleet = train(x, y.astype(np.float32), [Member(rows=np.arange(350))], net=Net((16,)), steps=200)
    guess = fleet.predict(x[350:])[0]
    explained = 1 - ((guess - y[350:]) ** 2).mean() / y[350:].var()
    assert explained > 0.35


def test_several_heads_and_a_head_of_weight_zero_stands_still(cancer):
    x, y = cancer
    second = x[:, 0].astype(np.float32)
    only = Member(task_weights=(1.0, 0.0), weight_decay=0.1)
    before = train(x, [y, second], [only], steps=0)
    fleet = train(x, [y, second], [only, Member(seed=1)], steps=200, optimizer="adamw")
    assert torch.equal(before.parameters[-2][0, 2:], fleet.parameters[-2][0, 2:])
    assert np.corrcoef(fleet.predict(x, head=1)[1], second)[0, 1] > 0.95
    assert (fleet.predict(x, head=0)[1] == y).mean() > 0.95


def test_row_weights_may_differ_from_head_to_head(cancer):
    """Of the second task only rows that tell the truth count; of the first one all."""
    x, y = cancer
    lying = np.arange(len(x)) % 3 > 0
    told = np.where(lying, 1 - y, y)
    weights = np.stack([np.ones(len(x)), np.where(lying, 0.0, 3.0)])
    members = [Member(weights=one) for one in (None, weights[0], weights)]
    fleet = train(x, [y, told], members, net=Net((8,)), heads=(Head(2), Head(2)), steps=80, batch=32)
    right = [[float((fleet.predict(x, head)[k] == y).mean()) for head in (0, 1)] for k in range(3)]
    assert min(row[0] for row in right) > 0.9
    assert max(right[0][1], right[1][1]) < 0.2
    assert right[2][1] > 0.9


def test_missing_labels_are_not_learnt(cancer):
    x, y = cancer
    half = np.where(np.arange(len(y)) < 250, y, -1)
    with_gaps = train(x, half, [Member(rows=np.arange(250))], heads=[Head(2)], steps=30)
    assert torch.equal(
        with_gaps.parameters[0],
        train(x, y, [Member(rows=np.arange(250))], heads=[Head(2)], steps=30).parameters[0],
    )
    untouched = train(x, np.full(len(y), -1), [Member()], heads=[Head(2)], steps=30)
    assert torch.equal(
        untouched.parameters[0], train(x, y, [Member()], heads=[Head(2)], steps=0).parameters[0]
    )


def test_a_frozen_trunk_stays_and_its_head_learns(cancer):
    x, y = cancer
    first = train(x, y, [Member()], steps=40)
    later = train(x, 1 - y, [Member(seed=9, freeze_trunk=True, weight_decay=0.1)], steps=40, start=first,
                  optimizer="adamw")  # fmt: skip
    assert all(torch.equal(a, b) for a, b in zip(first.parameters[:1], later.parameters[:1], strict=True))
    assert not torch.equal(first.parameters[-2], later.parameters[-2])


def test_continuing_starts_from_the_given_parameters(cancer):
    first = train(*cancer, [Member(seed=s) for s in range(3)], steps=40)
    still = train(*cancer, [Member(seed=7) for _ in range(3)], steps=0, start=first)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters, still.parameters, strict=True))


def test_continuing_keeps_what_the_parameters_mean_in_the_targets_unit(cancer):
    x, _ = cancer
    y = (100 + 10 * x[:, 0]).astype(np.float32)
    first = train(x, y, [Member()], steps=100)
    later = train(x, y + 500, [Member()], steps=0, start=first)
    np.testing.assert_allclose(later.predict(x), first.predict(x))


def test_units_outside_the_width_are_zero_and_not_counted(cancer):
    fleet = train(*cancer, [Member(width=(5, 3), weight_decay=0.01), Member()], net=Net((8, 8)), steps=30)
    first, second = fleet.hidden(cancer[0])
    assert not first[0, :, 5:].any()
    assert not second[0, :, 3:].any()
    assert fleet.parameter_counts().tolist() == [30 * 5 + 5 + 15 + 3 + 6 + 2, 30 * 8 + 8 + 64 + 8 + 16 + 2]


def test_a_number_that_happens_to_be_zero_is_counted_as_any_other(cancer):
    """An offset of 0 is there to be learnt all the same."""
    on = np.ones((30, 8), bool)
    on[:10, 4:] = False
    looks = np.arange(30) < 20
    net = Net((8,), connections=(on,))
    fleet = train(*cancer, [Member(), Member(inputs=looks)], net=net, steps=0)
    fleet.parameters[1].zero_()
    assert fleet.parameter_counts().tolist() == [on.sum() + 8 + 16 + 2, on[looks].sum() + 8 + 16 + 2]
    bare = train(*cancer, [Member(inputs=looks)], net=Net(()), steps=0)
    assert bare.parameter_counts().tolist() == [20 * 2 + 2]


def test_connections_that_are_off_stay_off(cancer):
    on = np.ones((30, 8), bool)
    on[:15, 4:] = False
    fleet = train(*cancer, [Member()], net=Net((8,), connections=(on,)), steps=30)
    assert not fleet.parameters[0][0][~torch.from_numpy(on)].any()


def test_input_gradients_match_finite_differences(cancer):
    x, y = cancer
    fleet = train(x, y, [Member(seed=s) for s in range(2)], steps=30)
    row = torch.from_numpy(x[:1]).requires_grad_()
    (slope,) = torch.autograd.grad(fleet.logits(row)[0, 0, 1], row)
    step = np.zeros_like(x[:1])
    step[0, 4] = 0.01
    change = (fleet.logits(x[:1] + step) - fleet.logits(x[:1] - step))[0, 0, 1] / 0.02
    assert abs(float(change) - float(slope[0, 4])) < 1e-2


def test_perturb_sees_the_true_gradient_and_changes_what_is_learnt(cancer):
    x, y = cancer
    seen = []

    def perturb(batch, gradient, which):
        rows = batch.clone().requires_grad_()
        with torch.enable_grad():
            from workers.fleet.passes import forward

            logits = forward(start.parameters, rows, Net()).transpose(1, 2)
            loss = torch.nn.functional.cross_entropy(logits.reshape(-1, 2), labels, reduction="sum") / 64
            (wanted,) = torch.autograd.grad(loss, rows)
        seen.append(float((gradient(batch) - wanted).abs().max()))
        return batch

    from workers.fleet.draws import Orders

    members = [Member(seed=s) for s in range(2)]
    start = train(x, y, members, steps=0)
    order = Orders(members, [np.arange(len(x))] * 2, 64).block()[0]
    labels = torch.from_numpy(y[order].reshape(-1))
    train(x, y, members, steps=1, perturb=perturb)
    assert seen[0] < 1e-6
    noisy = train(x, y, members, steps=5, perturb=lambda b, g, w: b + 1)
    assert not torch.equal(noisy.parameters[0], train(x, y, members, steps=5).parameters[0])


def test_averaged_logits_rank_a_flipped_label_below_its_neighbours(cancer):
    x, y = cancer
    given = y.copy()
    flipped = np.random.default_rng(0).choice(len(y), 30, replace=False)
    given[flipped] = 1 - given[flipped]
    fleet = train(x, given, [Member(seed=s) for s in range(3)], steps=120, average_from=0.2)
    logits = fleet.averaged.numpy()
    margin = (logits[:, np.arange(len(y)), given] - logits[:, np.arange(len(y)), 1 - given]).mean(0)
    assert np.isin(np.argsort(margin)[:30], flipped).mean() > 0.8


def test_rows_of_ones_own(cancer):
    x, y = cancer
    stacked = np.stack([x, x[:, ::-1]])
    both = train(stacked, y, [Member(), Member(steps=20)], steps=40)
    second = train(x[:, ::-1].copy(), y, [Member(steps=20)], steps=40)
    torch.testing.assert_close(both.parameters[0][1], second.parameters[0][0], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"optimizer": "magic"}, "sgd, adam, adamw"),
        ({"heads": [Head(2)], "targets": 5}, "2 classes"),
        ({"members": []}, "at least one"),
        ({"members": [Member(rows=[])]}, "no rows"),
    ],
)
def test_what_cannot_be_trained_is_said(cancer, how, words):
    x, y = cancer
    how = dict(how)
    members = how.pop("members", [Member()])
    targets = np.full(len(y), how.pop("targets")) if "targets" in how else y
    with pytest.raises(ValueError, match=words):
        train(x, targets, members, steps=1, **how)


def test_a_net_of_three_hidden_layers_is_refused():
    with pytest.raises(ValueError, match="hidden layers"):
        Net((1, 2, 3))


@pytest.mark.parametrize("hidden", [(), (16,), (16, 12)])
def test_a_member_without_an_input_never_looks_at_it(cancer, hidden):
    x, y = cancer
    inputs = np.arange(30) % 3 > 0
    members = [Member(seed=1), Member(seed=1, inputs=inputs, weight_decay=0.01)]
    fleet = train(x, y, members, net=Net(hidden=hidden), steps=40)
    other = np.where(inputs, x, 7.0).astype(np.float32)
    there, gone = fleet.logits(x), fleet.logits(other)
    torch.testing.assert_close(there[1], gone[1])
    assert (there[0] - gone[0]).abs().max() > 1
    assert apart(x, y, members, net=Net(hidden=hidden), steps=40) < 1e-5


def test_who_watches_sees_every_step_and_changes_nothing(cancer):
    x, y = cancer
    seen = []

    def watch(step, parameters, batch, targets, weights):
        seen.append((step, batch.shape, targets[0].shape, weights, float(parameters[0].abs().sum())))

    members = [Member(seed=s, rows=np.arange(200)) for s in range(3)]
    watched = train(x, y, members, steps=20, batch=16, watch=watch)
    plain = train(x, y, members, steps=20, batch=16)
    assert [one[0] for one in seen] == list(range(20))
    assert seen[0][1:4] == ((3, 16, 30), (3, 16), [None])
    assert len({one[4] for one in seen}) == 20
    for a, b in zip(watched.parameters, plain.parameters, strict=True):
        assert torch.equal(a, b)


# -- a race -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("optimizer", "pace"), [("adam", {}), ("sgd", {}), ("adam", {"schedule": "cosine", "warmup": 0.1})]
)
def test_who_reaches_the_end_of_a_race_is_what_it_had_become_alone(cancer, optimizer, pace, monkeypatch):
    monkeypatch.setattr(training, "CPU_BYTES", 2**19)  # several groups, closed up after each rung
    x, y = cancer
    members = [
        Member(seed=k % 3, rows=np.arange(400), learning_rate=0.001 * 1.2**k, dropout=0.2 * (k % 2),
               weight_decay=0.01 * (k % 4))
        for k in range(24)
    ]  # fmt: skip
    how = {"net": Net(hidden=(16, 8)), "steps": 110, "batch": 32, "optimizer": optimizer, **pace}
    fleet, who = race(x, y, members, lambda some: (some.predict(x[400:]) == y[400:]).mean(1), **how)
    assert len(who) == 4
    assert (fleet.steps == 110).all()
    alone = train(x, y, [members[k] for k in who], **how)
    torch.testing.assert_close(fleet.logits(x), alone.logits(x), atol=1e-5, rtol=1e-5)
    scores = (fleet.predict(x[400:]) == y[400:]).mean(1)
    assert (np.diff(scores) <= 0).all()


def test_a_race_keeps_the_good_and_trains_the_rest_no_further(cancer):
    x, y = cancer
    steps = []

    def score(fleet):
        steps.append((len(fleet), int(fleet.steps[0])))
        return (fleet.predict(x) == y).mean(1)

    rates = [0.0, 1e-6, 0.01, *[1e-5] * 9]
    _, who = race(x, y, [Member(learning_rate=rate) for rate in rates], score, steps=100, batch=32)
    assert who[0] == 2
    assert steps == [(12, 32), (4, 64), (4, 100)]


def test_numbers_are_raced_too():
    x, y = load_diabetes(return_X_y=True)
    x = StandardScaler().fit_transform(x).astype(np.float32)
    members = [
        Member(learning_rate=rate, rows=np.arange(300)) for rate in (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.02)
    ]

    def score(fleet):
        return -np.square(fleet.predict(x[300:]) - y[300:]).mean(1)

    fleet, who = race(x, y.astype(np.float32), members, score, steps=100, batch=32)
    alone = train(x, y.astype(np.float32), [members[k] for k in who], steps=100, batch=32)
    np.testing.assert_allclose(fleet.predict(x), alone.predict(x), rtol=1e-4, atol=1e-2)
    assert who[0] in (3, 4, 5)


@pytest.mark.parametrize(("schedule", "warmup"), [("cosine", 0.0), ("linear", 0.2), ("constant", 0.5)])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_rates_follow_a_schedule_as_torch_has_it(cancer, optimizer, schedule, warmup):
    from workers.fleet.draws import Orders

    x, y = cancer
    steps, decay = 50, 0.02
    member = Member(seed=3, learning_rate=0.01, weight_decay=decay)
    net = Net(hidden=(16,))
    start = train(x, y, [member], net=net, steps=0).parameters
    model = torch.nn.Sequential(torch.nn.Linear(30, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
    values = [start[0][0].T, start[1][0, 0], start[2][0], start[3][0, :, 0]]
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), values, strict=True):
            parameter.copy_(value)
    made = optimised(model, optimizer, 0.01, decay)
    rising = round(warmup * steps)
    after = {
        "cosine": torch.optim.lr_scheduler.CosineAnnealingLR(made, steps - rising),
        "linear": torch.optim.lr_scheduler.LinearLR(made, 1.0, 1e-12, steps - rising),
        "constant": torch.optim.lr_scheduler.ConstantLR(made, 1.0),
    }[schedule]
    draw = Orders([member], [np.arange(len(x))], 32)
    orders = np.concatenate([draw.block()[:, 0] for _ in range(2)])
    for step in range(steps):
        if step < rising:
            for group in made.param_groups:
                group["lr"] = 0.01 * (step + 1) / rising
        elif step == rising:
            for group in made.param_groups:
                group["lr"] = 0.01
        made.zero_grad()
        rows = orders[step]
        out = model(torch.from_numpy(x[rows]))
        torch.nn.functional.cross_entropy(out, torch.from_numpy(y[rows])).backward()
        made.step()
        if step >= rising:
            after.step()
    how = {"schedule": schedule, "warmup": warmup, "optimizer": optimizer}
    fleet = train(x, y, [member], net=net, steps=steps, batch=32, **how)
    torch.testing.assert_close(fleet.logits(x)[0], model(torch.from_numpy(x)), atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_members_of_other_lengths_follow_the_schedule_over_their_own_steps(cancer, optimizer):
    members = [Member(seed=s, steps=20 + 15 * s, weight_decay=0.01 * s) for s in range(3)]
    assert apart(*cancer, members, schedule="cosine", warmup=0.1, batch=32, optimizer=optimizer) < 1e-5


def test_passes_in_half_the_bits_learn_the_same(cancer):
    x, y = cancer
    members = [Member(seed=s, rows=np.arange(400), dropout=0.1 * s) for s in range(3)]
    whole, half = (
        train(x, y, members, steps=120, precision=precision) for precision in ("float32", "bfloat16")
    )
    right = [(fleet.predict(x[400:]) == y[400:]).mean() for fleet in (whole, half)]
    assert right[1] > right[0] - 0.03
    difference = max(
        float((a - b).abs().max()) for a, b in zip(whole.parameters, half.parameters, strict=True)
    )
    assert 1e-4 < difference < 1  # fewer bits were used, and led to nearly the same
    assert all(view.dtype == torch.float32 for view in half.parameters)


@pytest.mark.parametrize("how", [{"schedule": "random"}, {"precision": "int8"}])
def test_a_word_for_training_that_nobody_knows_is_refused(cancer, how):
    with pytest.raises(ValueError, match="is one of"):
        train(*cancer, [Member()], steps=1, **how)
