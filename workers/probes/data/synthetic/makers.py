"""Four ways to make rows: between neighbours, a Gaussian copula, a variational autoencoder and a GAN.

All are small, conditional on the answer, and take a second or two on one core. Rows are made in the space of
the features; ``Snapped`` puts columns of few values, and one-hot groups, back on values that exist.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

NEIGHBOURS, BETWEEN = 5, (0.2, 0.8)  # nearer to an end, the made row would be a copy of it
LATENT, WIDE, BATCH = 12, 96, 128
VAE_STEPS, GAN_STEPS = 500, 600
FEW_VALUES = 12


@dataclass(frozen=True)
class Answers:
    """What is conditioned on: int codes [n] of ``classes`` classes, or standardised numbers where 0."""

    y: np.ndarray
    classes: int

    def coded(self, y: np.ndarray) -> np.ndarray:
        """float32 [n, classes], or [n, 1]."""
        return np.eye(self.classes, dtype=np.float32)[y] if self.classes else y[:, None].astype(np.float32)

    def wanted(self, number: int, rng: np.random.Generator, balanced: bool) -> np.ndarray:
        """Answers for ``number`` made rows: as often as they are, or every class alike."""
        if self.classes and balanced:
            return rng.permutation(np.resize(np.unique(self.y), number))
        return self.y[rng.integers(0, len(self.y), number)]


class Snapped:
    """Puts made rows onto the values that columns of few values, or groups of columns, really have."""

    def __init__(self, x: np.ndarray, groups: Sequence[tuple[int, int]] = ()) -> None:
        grouped = {place for start, stop in groups for place in range(start, stop)}
        blocks = [list(range(start, stop)) for start, stop in groups]
        for place in range(x.shape[1]):
            if place not in grouped and len(np.unique(x[:, place])) <= FEW_VALUES:
                blocks.append([place])
        self.blocks = [(block, np.unique(x[:, block], axis=0)) for block in blocks]
        self.low, self.high = x.min(axis=0), x.max(axis=0)

    def __call__(self, made: np.ndarray) -> np.ndarray:
        made = np.clip(np.nan_to_num(made), self.low, self.high).astype(np.float32)
        for block, values in self.blocks:
            apart = ((made[:, None, block] - values[None]) ** 2).sum(axis=2)
            made[:, block] = values[apart.argmin(axis=1)]
        return made


Maker = Callable[[np.ndarray, Answers, np.ndarray, int], tuple[np.ndarray, np.ndarray]]


def between(x: np.ndarray, answers: Answers, wanted: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A point between a row and one of its nearest rows of the same class (SMOTE, Chawla et al. 2002)."""
    from sklearn.neighbors import NearestNeighbors

    rng = np.random.default_rng([seed, 41])
    made, said = np.empty((len(wanted), x.shape[1]), np.float32), np.array(wanted)
    for label in np.unique(wanted) if answers.classes else [None]:
        at = np.flatnonzero(wanted == label) if label is not None else np.arange(len(wanted))
        own = np.flatnonzero(answers.y == label) if label is not None else np.arange(len(x))
        first = rng.integers(0, len(own), len(at))
        if len(own) < 2:
            made[at] = x[own[first]]
            continue
        index = NearestNeighbors(n_neighbors=min(NEIGHBOURS + 1, len(own))).fit(x[own])
        near = index.kneighbors(x[own], return_distance=False)[:, 1:]
        second = near[first, rng.integers(0, near.shape[1], len(at))]
        part = rng.uniform(*BETWEEN, len(at))
        made[at] = x[own[first]] + part[:, None] * (x[own[second]] - x[own[first]])
        if label is None:
            said[at] = answers.y[first] + part * (answers.y[second] - answers.y[first])
    return made, said


def copula(x: np.ndarray, answers: Answers, wanted: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Each column's own distribution, joined by the correlations of normal scores; a class at a time."""
    rng = np.random.default_rng([seed, 43])
    if not answers.classes:
        both = _copula(np.column_stack([x, answers.y]), len(wanted), rng)
        return both[:, :-1].astype(np.float32), both[:, -1]
    made = np.empty((len(wanted), x.shape[1]), np.float32)
    for label in np.unique(wanted):
        at = wanted == label
        made[at] = _copula(x[answers.y == label], int(at.sum()), rng)
    return made, wanted


def _copula(x: np.ndarray, number: int, rng: np.random.Generator) -> np.ndarray:
    from scipy.special import ndtr, ndtri
    from sklearn.covariance import ledoit_wolf

    n, d = x.shape
    if n < 3:
        return x[rng.integers(0, n, number)]
    ranks = np.empty((n, d))
    for column in range(d):  # ties in random order, so that a column of few values keeps its shares
        ranks[np.lexsort(np.stack([rng.random(n), x[:, column]])), column] = np.arange(n)
    scores = ndtri((ranks + 0.5) / n)
    joint = ledoit_wolf(scores)[0]
    spread = np.sqrt(np.maximum(np.diag(joint), 1e-9))
    root = np.linalg.cholesky(joint / spread[:, None] / spread + 1e-6 * np.eye(d))
    share = ndtr(rng.normal(size=(number, d)) @ root.T)
    ordered = np.sort(x, axis=0)
    place = np.clip(share * n - 0.5, 0, n - 1)
    low = place.astype(int)
    high, part = np.minimum(low + 1, n - 1), place - low
    columns = np.arange(d)
    return ordered[low, columns] + part * (ordered[high, columns] - ordered[low, columns])


def vae(x: np.ndarray, answers: Answers, wanted: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A conditional variational autoencoder (Kingma and Welling 2014) whose noise is learnt a column."""
    import torch
    from torch import nn

    def net(inputs: int, outputs: int) -> nn.Sequential:
        return nn.Sequential(nn.Linear(inputs, WIDE), nn.ReLU(), nn.Linear(WIDE, outputs))

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        data, told = torch.from_numpy(x), torch.from_numpy(answers.coded(answers.y))
        d, c = data.shape[1], told.shape[1]
        encoder, decoder = net(d + c, 2 * LATENT), net(LATENT + c, d)
        noise = nn.Parameter(torch.zeros(d))
        optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters(), noise], lr=2e-3)
        for _ in range(VAE_STEPS):
            rows = torch.randint(0, len(data), (min(BATCH, len(data)),))
            mean, log = encoder(torch.cat([data[rows], told[rows]], 1)).chunk(2, 1)
            log = log.clamp(-8, 8)
            hidden = mean + (0.5 * log).exp() * torch.randn_like(mean)
            width = noise.clamp(-3, 2)
            missed = (decoder(torch.cat([hidden, told[rows]], 1)) - data[rows]) ** 2
            loss = (0.5 * missed * (-2 * width).exp() + width).sum(1)
            loss = (loss + 0.5 * (mean**2 + log.exp() - 1 - log).sum(1)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            asked = torch.from_numpy(answers.coded(wanted))
            made = decoder(torch.cat([torch.randn(len(wanted), LATENT), asked], 1))
            made = made + noise.clamp(-3, 2).exp() * torch.randn_like(made)
    return made.numpy(), wanted


def gan(x: np.ndarray, answers: Answers, wanted: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A conditional GAN (Goodfellow et al. 2014) with a hinge loss and noise on what the judge sees."""
    import torch
    from torch import nn

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        data, told = torch.from_numpy(x), torch.from_numpy(answers.coded(answers.y))
        d, c = data.shape[1], told.shape[1]
        maker = nn.Sequential(
            nn.Linear(LATENT + c, WIDE), nn.ReLU(), nn.Linear(WIDE, WIDE), nn.ReLU(), nn.Linear(WIDE, d)
        )
        judge = nn.Sequential(nn.Linear(d + c, WIDE), nn.LeakyReLU(0.2), nn.Dropout(0.2), nn.Linear(WIDE, 1))
        making = torch.optim.Adam(maker.parameters(), lr=1e-3, betas=(0.5, 0.9))
        judging = torch.optim.Adam(judge.parameters(), lr=2e-3, betas=(0.5, 0.9))
        size = min(BATCH, len(data))
        for step in range(GAN_STEPS):
            blur = 0.3 * (1 - step / GAN_STEPS) + 0.05
            rows = torch.randint(0, len(data), (size,))
            real, label = data[rows], told[rows]
            fake = maker(torch.cat([torch.randn(size, LATENT), label], 1))
            seen = torch.cat([real, fake.detach()]) + blur * torch.randn(2 * size, d)
            said = judge(torch.cat([seen, label.repeat(2, 1)], 1)).squeeze(1)
            loss = torch.relu(1 - said[:size]).mean() + torch.relu(1 + said[size:]).mean()
            judging.zero_grad()
            loss.backward()
            judging.step()
            loss = -judge(torch.cat([fake + blur * torch.randn_like(fake), label], 1)).mean()
            making.zero_grad()
            loss.backward()
            making.step()
        with torch.no_grad():
            asked = torch.from_numpy(answers.coded(wanted))
            made = maker(torch.cat([torch.randn(len(wanted), LATENT), asked], 1))
    return made.numpy(), wanted


MAKERS: dict[str, Maker] = {
    "between neighbours": between,
    "Gaussian copula": copula,
    "autoencoder": vae,
    "GAN": gan,
}
