"""The quantiles of beta distributions, held against SciPy's."""

from __future__ import annotations

import random

import pytest
from scipy.special import betainc, betaincinv

from assessments.scoring import beta

SHAPES = (0.04, 0.08, 0.4, 1, 2, 3.96, 10, 28.4, 43.6, 90)
ENDS = (0.05, 0.95)


@pytest.mark.parametrize("a", SHAPES)
@pytest.mark.parametrize("b", SHAPES)
def test_the_distribution_function_is_that_of_scipy(a, b):
    for x in (0.0005, 0.01, 0.2, 0.5, 0.77, 0.99, 0.9995):
        assert beta.below(a, b, x) == pytest.approx(float(betainc(a, b, x)), abs=1e-10)


@pytest.mark.parametrize("a", SHAPES)
@pytest.mark.parametrize("b", SHAPES)
def test_quantiles_are_those_of_scipy_as_far_as_they_are_told(a, b):
    for share in ENDS:
        exact = float(betaincinv(a, b, share))
        assert beta.quantile(a, b, share) == pytest.approx(exact, abs=beta.LEAST), (a, b, share)
        if beta.LEAST < exact < 1 - beta.LEAST:
            assert beta.quantile(a, b, share) == pytest.approx(exact, abs=1e-7), (a, b, share)


def test_the_chance_lies_in_its_range_and_a_higher_one_has_no_lower_end():
    rng = random.Random(0)
    for _ in range(2000):
        weight = rng.uniform(3, 120)
        one, other = sorted(rng.uniform(0.002, 0.998) for _ in range(2))
        below, above = (beta.interval(chance, weight, ENDS) for chance in (one, other))
        assert 0 <= below[0] <= one <= below[1] <= 1
        assert below[0] <= above[0] + 1e-8
        assert below[1] <= above[1] + 1e-8
