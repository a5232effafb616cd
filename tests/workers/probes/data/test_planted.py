"""Every fault that data probes name: planted, it is found where it is; in the clean twin nothing is."""

import pytest

from tests import planting
from tests.planting import judge

CASES = planting.cases()
SETS = 2  # of each fault in every run of the tests, at all their strengths; the others are slow


def _everyday():
    """The cases that are not slow: of each fault the first two sets that are planted at two strengths."""
    found = {}
    for case in CASES:
        found.setdefault((case.probe, case.fault), {}).setdefault(case.set, []).append(case)
    kept = set()
    for sets in found.values():
        most = sorted(sets, key=lambda name: -min(2, len(sets[name])))
        kept |= {case.id for name in most[:SETS] for case in sets[name][:2]}
    return kept


EVERYDAY = _everyday()


def _marked(case):
    slow = case.slow or case.id not in EVERYDAY
    return pytest.param(case, id=case.id, marks=[pytest.mark.slow] if slow else [])


@pytest.fixture(scope="module")
def clean():
    """``clean(case)`` -> the finding on its clean twin; cases of one probe often have the same twin."""
    known = {}

    def found(case):
        twin = case.clean(1)
        key = case.probe, twin.digest()
        if key not in known:
            known[key] = judge.finding(case.probe, twin, seed=1)
        return known[key]

    return found


@pytest.mark.parametrize("case", [_marked(case) for case in CASES])
def test_a_planted_fault_is_named_with_its_place_and_the_clean_twin_stays_quiet(case, clean):
    data, truth = case.plant(case.strength, 1)
    assert judge.wrong(case, judge.finding(case.probe, data, seed=1), truth) == []
    assert judge.alarms(clean(case)) == []


def test_every_fault_is_planted_into_two_sets_at_two_strengths():
    by_fault = {}
    for case in CASES:
        by_fault.setdefault((case.probe, case.fault), []).append(case)
    for fault, found in by_fault.items():
        assert len({case.set for case in found}) >= 2, fault
        assert len({(case.set, case.strength) for case in found}) >= 4, fault
