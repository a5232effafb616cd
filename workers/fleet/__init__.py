"""Many small networks trained as one: the engine under most probes.

K networks of 0, 1 or 2 hidden layers, with convolutions or word vectors below them where rows are pictures,
sounds or texts, keep their parameters in stacks with a leading axis K, and every step is a handful of batched
products for all of them. Member k of a fleet equals the same member trained alone (to 1e-5, with convolutions
to 1e-4: how many stand side by side decides in which order they are summed). Its start, batch order and
dropout come from its own seed, and nothing it does depends on its neighbours.

    from workers.fleet import Member, Net, train

    members = [Member(seed=s, rows=some_rows, learning_rate=0.01) for s in range(5)]
    fleet = train(x, y, members, net=Net(hidden=(32, 32)), steps=300, batch=64, optimizer="adam")
    fleet.probabilities(x_test)     # numpy [K, n, classes]
    fleet.predict(x_test)           # numpy [K, n]: class codes, or values in the target's own unit
    fleet.logits(x_test)            # torch [K, n, classes], differentiable in x

- ``x``: float [n, d] for all members, or [K, n, d], one a member.
- ``targets``: int [n] class codes (-1: no label) or float [n] (NaN: no label); a list of them for several
  heads. ``Member.labels`` replaces them for one member. Name the number of classes with
  ``heads=(Head(10),)`` where it should not be read off the labels.
- ``validation``: rows on which members stop early (``Member.validation`` for one member); the parameters
  with the lowest validation loss are kept. ``patience`` checks without a new best, one each ``every`` steps.
- ``average_from=0.3``: also average each member's logits on all n rows, once a pass over its data, from
  30 % of its steps on: ``fleet.averaged`` torch [K, n, outputs of all heads].
- ``start=fleet``: continue from these parameters (fine-tuning); ``Member(freeze_trunk=True)`` keeps the
  hidden layers as they are.
- ``perturb``: changes each batch before it is learnt from, as adversarial training does.
- ``watch``: looks on before each step, at the parameters and at what is learnt from next.
- ``race`` instead of ``train``: the worse of many settings leave on the way (successive halving).
- ``Net(front=Convolution((channels, height, width)))``: rows are pictures, or bands of a sound over time;
  ``Net(front=WordVectors(words, length))``: rows are numbers of words. Each member learns its own.
- ``Member(inputs=mask)``: a member that never sees the other features.
"""

from workers.fleet.fronts import Convolution, WordVectors
from workers.fleet.members import Head, Member, Net
from workers.fleet.racing import race
from workers.fleet.result import Fleet
from workers.fleet.training import train

__all__ = ["Convolution", "Fleet", "Head", "Member", "Net", "WordVectors", "race", "train"]
