"""Fleets with convolutions or word vectors: each member is what plain torch makes of it, alone or not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from tests.workers.test_fleet import apart, optimised
from workers.fleet import Convolution, Member, Net, WordVectors, race, train, training
from workers.fleet.draws import Orders

torch.set_num_threads(1)

PICTURES = Net(hidden=(12,), front=Convolution((1, 8, 8), (4, 6)))
TEXTS = Net(hidden=(12,), front=WordVectors(words=30, length=9, width=5))
VARIED = [
    Member(seed=0),
    Member(seed=1, learning_rate=0.02, dropout=0.3, steps=20),
    Member(seed=2, weight_decay=0.05, rows=np.arange(60)),
    Member(seed=3, width=(9,), init_scale=0.5, momentum=0.5),
    Member(seed=4, freeze_trunk=True),
]


@pytest.fixture(scope="module")
def digits():
    x, y = load_digits(return_X_y=True)
    return (x / 8 - 1).astype(np.float32)[:600], y[:600]


@pytest.fixture(scope="module")
def texts():
    """A text is positive where it has more of the words 1 to 10 than of 11 to 20; 21 to 30 say nothing."""
    draw = np.random.default_rng(0)
    x = draw.integers(1, 31, (400, 9))
    x[np.arange(9) >= draw.integers(6, 10, 400)[:, None]] = 0
    y = (((x > 0) & (x <= 10)).sum(1) > ((x > 10) & (x <= 20)).sum(1)).astype(int)
    return x.astype(np.float32), y


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("kind", ["digits", "texts"])
def test_a_member_does_not_notice_its_neighbours(request, kind, optimizer):
    """In 64 bits, as convolutions of few or many groups round differently on each processor, and Adam makes
    a whole step of a gradient that is nothing but rounding."""
    how = {"net": PICTURES if kind == "digits" else TEXTS, "batch": 32, "optimizer": optimizer}
    x, y = request.getfixturevalue(kind)
    assert apart(x, y, VARIED, steps=35, precision="float64", **how) < 1e-11


@pytest.mark.parametrize(
    ("kind", "optimizer"), [("digits", "sgd"), ("texts", "sgd"), ("texts", "adam"), ("texts", "adamw")]
)
def test_nor_in_half_the_digits(request, kind, optimizer):
    net, most = (PICTURES, 1e-4) if kind == "digits" else (TEXTS, 1e-5)
    x, y = request.getfixturevalue(kind)
    assert apart(x, y, VARIED, net=net, steps=35, batch=32, optimizer=optimizer) < most


def test_a_net_with_a_front_starts_as_modules_of_torch_do():
    members = [Member(seed=s) for s in range(200)]
    x = np.zeros((4, 64), np.float32)
    start = train(x, np.array([0, 1, 2, 3]), members, net=PICTURES, steps=0).parameters
    torch.manual_seed(0)
    wanted = [
        torch.nn.Conv2d(1, 4, 3), torch.nn.Conv2d(4, 6, 3), torch.nn.Linear(24, 12), torch.nn.Linear(12, 4)
    ]  # fmt: skip
    for place, module in enumerate(wanted):
        modules = [type(module)(*args) for args in [_size(module)] * 200]
        for name, ours in (("weight", start[2 * place]), ("bias", start[2 * place + 1])):
            theirs = torch.stack([getattr(one, name) for one in modules]).detach()
            assert ours.abs().max() == pytest.approx(float(theirs.abs().max()), rel=0.02)
            assert ours.std() == pytest.approx(float(theirs.std()), rel=0.08)


def _size(module):
    if isinstance(module, torch.nn.Conv2d):
        return module.in_channels, module.out_channels, 3
    return module.in_features, module.out_features


def test_nor_when_it_stops_early(digits):
    x, y = digits
    members = [Member(seed=s, rows=np.arange(400), learning_rate=0.03, steps=150 - 13 * s) for s in range(3)]
    how = {"net": PICTURES, "batch": 32, "validation": np.arange(400, 600), "patience": 2, "every": 10}
    assert train(x, y, members, precision="float64", **how).steps.max() < 150
    assert apart(x, y, members, precision="float64", **how) < 1e-11


def test_a_large_fleet_trains_group_by_group_with_the_same_result(digits, monkeypatch):
    x, y = digits
    members = [Member(seed=s) for s in range(5)]
    whole = train(x, y, members, net=PICTURES, steps=20)
    cells = PICTURES.front.cells + 3 * 12 + 10
    monkeypatch.setattr(training, "FRONT_BYTES", 2 * 4 * 64 * cells)
    parts = train(x, y, members, net=PICTURES, steps=20)
    assert training.group_size(recipe(PICTURES), torch.from_numpy(x)) == 2
    for one, other in zip(whole.parameters, parts.parameters, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


def recipe(net):
    from workers.fleet import Head

    return training.Recipe(net, (Head(10),), 1, 64, "adam", 8, 25, None, None, None, "cpu")


def test_vectors_of_words_start_as_torchs_or_as_fasttexts():
    x, y = np.ones((40, 9), np.float32), np.arange(40) % 2
    members = [Member(seed=seed) for seed in range(20)]
    usual, small = (
        train(x, y, members, net=Net((), front=WordVectors(30, 9, 5, small)), steps=0).parameters[0][:, 1:]
        for small in (False, True)
    )
    assert float(usual.std()) == pytest.approx(1, rel=0.05)
    assert float(small.abs().max()) <= 1 / 5
    assert float(small.std()) == pytest.approx(1 / 5 / np.sqrt(3), rel=0.05)


def plain(net, start, outputs):
    """The same network as modules of torch, from the fleet's start."""
    first = (
        [torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.MaxPool2d(2), torch.nn.ReLU(),
         torch.nn.Conv2d(4, 6, 3, padding=1), torch.nn.MaxPool2d(2), torch.nn.ReLU(), torch.nn.Flatten()]
        if isinstance(net.front, Convolution)
        else [torch.nn.EmbeddingBag(31, 5, mode="mean", padding_idx=0)]
    )  # fmt: skip
    layers = [*first, torch.nn.Linear(net.front.features, 12), torch.nn.ReLU(), torch.nn.Linear(12, outputs)]
    model = torch.nn.Sequential(*layers)
    values = [view[0] for view in start.parameters]
    below = net.below
    values[below:] = [values[below].T, values[below + 1][0], values[below + 2], values[below + 3][:, 0]]
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), values, strict=True):
            parameter.copy_(value)
    return model


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("kind", ["digits", "texts"])
def test_a_member_is_what_plain_torch_makes_of_it(request, kind, optimizer):
    net, outputs = (PICTURES, 10) if kind == "digits" else (TEXTS, 2)
    x, y = request.getfixturevalue(kind)
    member = Member(seed=3, learning_rate=0.01, weight_decay=0.02)
    start = train(x, y, [member], net=net, steps=0)
    model = plain(net, start, outputs)
    made = optimised(model, optimizer, 0.01, 0.02)
    rows = torch.from_numpy(x if kind == "digits" else x.astype(np.int64))
    rows = rows.view(-1, 1, 8, 8) if kind == "digits" else rows
    labels = torch.from_numpy(y)
    for order in Orders([member], [np.arange(len(x))], 32).block()[:30, 0]:
        made.zero_grad()
        torch.nn.functional.cross_entropy(model(rows[order]), labels[order]).backward()
        made.step()
    fleet = train(x, y, [member], net=net, steps=30, batch=32, optimizer=optimizer)
    torch.testing.assert_close(fleet.logits(x)[0], model(rows), atol=2e-4, rtol=1e-3)


def test_numbers_of_words_keep_their_digits_in_half_the_bits():
    """Words above 256, which bfloat16 cannot tell from their neighbours."""
    x = np.array([[901], [902]] * 40, np.float32)
    y = np.array([0, 1] * 40)
    net = Net(hidden=(), front=WordVectors(1_000, 1, 4))
    fleet = train(x, y, [Member(learning_rate=0.05)], net=net, steps=60, precision="bfloat16")
    assert (fleet.predict(x) == y).all()


def test_convolutions_learn_in_half_the_bits(digits):
    x, y = digits
    whole, half = (
        train(x, y, [Member(rows=np.arange(400))], net=PICTURES, steps=100, precision=precision)
        for precision in ("float32", "bfloat16")
    )
    right = [(fleet.predict(x[400:]) == y[400:]).mean() for fleet in (whole, half)]
    assert right[1] > right[0] - 0.06


def test_convolutions_find_a_mark_wherever_it_stands():
    """A plus or a cross anywhere in noise: dense layers have to learn it place by place."""
    draw = np.random.default_rng(1)
    marks = np.array([[[0, 1, 0], [1, 1, 1], [0, 1, 0]], [[1, 0, 1], [0, 1, 0], [1, 0, 1]]])
    y = draw.integers(0, 2, 800)
    x = draw.normal(0, 0.3, (800, 10, 10)).astype(np.float32)
    for picture, kind in zip(x, y, strict=True):
        down, right = draw.integers(0, 8, 2)
        picture[down : down + 3, right : right + 3] += 1.5 * marks[kind]
    x = x.reshape(800, 100)
    right = {}
    for name, front in (("convolutions", Convolution((1, 10, 10))), ("dense", None)):
        members = [Member(seed=s, rows=np.arange(500), learning_rate=0.01) for s in range(3)]
        fleet = train(x, y, members, net=Net((32,), front=front), steps=300)
        right[name] = (fleet.predict(x[500:]) == y[500:]).mean()
    assert right["convolutions"] > 0.9
    assert right["dense"] < 0.8


def test_word_vectors_learn_which_words_speak_for_what(texts):
    x, y = texts
    fleet = train(x, y, [Member(seed=s, rows=np.arange(300)) for s in range(3)], net=TEXTS, steps=200)
    assert (fleet.predict(x[300:]) == y[300:]).mean() > 0.85


def test_no_word_stays_nothing(texts):
    x, y = texts
    fleet = train(x, y, [Member(weight_decay=0.1)], net=TEXTS, steps=30, optimizer="adamw")
    assert not fleet.parameters[0][0, 0].any()
    longer = Net(hidden=(12,), front=WordVectors(30, 12, 5))
    padded = train(np.pad(x, ((0, 0), (0, 3))), y, [Member(weight_decay=0.1)], net=longer, steps=30,
                   optimizer="adamw")  # fmt: skip
    torch.testing.assert_close(padded.parameters[0], fleet.parameters[0], atol=1e-5, rtol=0)


def test_a_frozen_front_stays_and_its_head_learns(digits):
    x, y = digits
    start = train(x, y, [Member(freeze_trunk=True)], net=PICTURES, steps=0)
    fleet = train(x, y, [Member(freeze_trunk=True)], net=PICTURES, steps=20)
    same = [torch.equal(one, other) for one, other in zip(start.parameters, fleet.parameters, strict=True)]
    assert same == [True] * 6 + [False] * 2


def test_input_gradients_match_finite_differences(digits):
    x, y = digits
    fleet = train(x, y, [Member(seed=s) for s in range(2)], net=PICTURES, steps=30)
    row = torch.from_numpy(x[:1]).requires_grad_()
    (slope,) = torch.autograd.grad(fleet.logits(row)[1, 0, 3], row)
    place = int(slope.abs().argmax())
    step = np.zeros_like(x[:1])
    step[0, place] = 0.01
    change = (fleet.logits(x[:1] + step) - fleet.logits(x[:1] - step))[1, 0, 3] / 0.02
    assert abs(float(change) - float(slope[0, place])) < 2e-2 * abs(float(slope[0, place]))


def test_perturb_sees_the_true_gradient(digits):
    from workers.fleet.passes import forward

    x, y = digits
    members = [Member(seed=s) for s in range(2)]
    start = train(x, y, members, net=PICTURES, steps=0)
    order = Orders(members, [np.arange(len(x))] * 2, 64).block()[0]
    labels = torch.from_numpy(y[order].reshape(-1))
    seen = []

    def perturb(batch, gradient, which):
        rows = batch.clone().requires_grad_()
        with torch.enable_grad():
            logits = forward(start.parameters, rows, PICTURES).transpose(1, 2)
            loss = torch.nn.functional.cross_entropy(logits.reshape(-1, 10), labels, reduction="sum") / 64
            (wanted,) = torch.autograd.grad(loss, rows)
        seen.append(float((gradient(batch) - wanted).abs().max()))
        return batch

    left_alone = train(x, y, members, net=PICTURES, steps=3)
    looked_at = train(x, y, members, net=PICTURES, steps=3, perturb=lambda b, g, w: b + 0 * g(b))
    for one, other in zip(left_alone.parameters, looked_at.parameters, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=0)
    train(x, y, members, net=PICTURES, steps=1, perturb=perturb)
    assert seen[0] < 1e-6


def test_who_reaches_the_end_of_a_race_is_what_it_had_become_alone(digits):
    x, y = digits
    members = [
        Member(seed=s, learning_rate=rate) for s, rate in enumerate((1e-4, 1e-3, 0.01, 0.02, 0.03, 1.0))
    ]

    def score(fleet):
        return (fleet.predict(x) == y).mean(1)

    fleet, who = race(x, y, members, score, net=PICTURES, steps=70, batch=32)
    alone = train(x, y, [members[who[0]]], net=PICTURES, steps=70, batch=32)
    for one, other in zip(fleet.parameters, alone.parameters, strict=True):
        torch.testing.assert_close(one[0], other[0], atol=1e-5, rtol=0)


def test_members_may_have_pictures_of_their_own(digits):
    x, y = digits
    stacked = np.stack([x, x[:, ::-1]])
    both = train(stacked, y, [Member(), Member()], net=PICTURES, steps=20)
    second = train(x[:, ::-1].copy(), y, [Member()], net=PICTURES, steps=20)
    torch.testing.assert_close(both.parameters[0][1], second.parameters[0][0], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("net", "members", "how", "words"),
    [
        (Net(front=Convolution((1, 9, 9))), [Member()], {}, "rows of 81 numbers, not of 64"),
        (PICTURES, [Member(inputs=np.ones(64, bool))], {}, "without a front"),
        (Net(front=WordVectors(16, 64)), [Member()], {"perturb": lambda b, g, w: b}, "no gradient"),
    ],
)
def test_what_cannot_be_trained_is_said(digits, net, members, how, words):
    x, y = digits
    with pytest.raises(ValueError, match=words):
        train(np.abs(x).round(), y, members, net=net, steps=1, **how)


@pytest.mark.parametrize("made", [lambda: Convolution((1, 8, 8), ()), lambda: WordVectors(0, 4)])
def test_a_front_of_nothing_is_refused(made):
    with pytest.raises(ValueError, match="1 or more"):
        made()


def test_numbers_of_a_front_are_counted_whatever_their_values(digits):
    """Word 0 is no word: its vector is none to learn."""
    x, y = digits
    fleet = train(x, y, [Member()], net=PICTURES, steps=0)
    maps = 4 * 9 + 4 + 6 * 4 * 9 + 6
    assert fleet.parameter_counts().tolist() == [maps + 24 * 12 + 12 + 12 * 10 + 10]
    words = train(np.ones((20, 9)), np.arange(20) % 2, [Member()], net=TEXTS, steps=0)
    assert words.parameter_counts().tolist() == [30 * 5 + 5 * 12 + 12 + 12 * 2 + 2]
