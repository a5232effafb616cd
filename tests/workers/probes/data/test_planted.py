"""Every fault that data probes name: planted, it is found where it is; in the clean twin nothing is."""

from functools import cache

import pytest

from tests import planting
from tests.planting import judge

CASES = planting.cases()


def _marked(case):
    return pytest.param(case, id=case.id, marks=[pytest.mark.slow] if case.slow else [])


@cache
def _clean(probe, clean):
    return judge.finding(probe, clean(1), seed=1)


@pytest.mark.parametrize("case", [_marked(case) for case in CASES])
def test_a_planted_fault_is_named_with_its_place_and_the_clean_twin_stays_quiet(case):
    data, truth = case.plant(case.strength, 1)
    assert judge.wrong(case, judge.finding(case.probe, data, seed=1), truth) == []
    assert judge.alarms(_clean(case.probe, case.clean)) == []


def test_every_fault_is_planted_into_two_sets_at_two_strengths():
    by_fault = {}
    for case in CASES:
        by_fault.setdefault((case.probe, case.fault), []).append(case)
    for fault, found in by_fault.items():
        assert len({case.set for case in found}) >= 2, fault
        assert len({(case.set, case.strength) for case in found}) >= 4, fault
