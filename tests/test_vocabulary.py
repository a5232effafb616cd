"""Every fault that can be planted is in the list of names that users read."""

import re
from pathlib import Path

from tests import planting

PAGE = Path(__file__).parents[1] / "docs" / "faults.md"


def test_every_planted_fault_is_in_the_list_of_names():
    words = set(re.findall(r"[a-z]+(?:_[a-z]+)*", PAGE.read_text("utf-8")))
    assert {case.fault for case in planting.cases()} <= words
    probes = set(re.findall(r"`(data\.\w+)`", PAGE.read_text("utf-8")))
    assert {case.probe for case in planting.cases()} == probes
