"""What every test may ask for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Whether examples come fast says how busy the machine is, and nothing about the project.
settings.register_profile("riskboard", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("riskboard")

# Small matrices and several test processes: more threads only fight for the same cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent

# Each test of these takes minutes: begun last, one process would work at it while the other waits.
LONGEST = ("tests/test_ranking.py", "tests/models/test_on_postgres.py", "tests/test_canaries.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets beside the project; tests that need it skip elsewhere."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("The data sets beside the project (../shared/data) are not on this machine.")
    return folder


@pytest.fixture(autouse=True)
def _smallest_numbers() -> Iterator[None]:
    """A fleet rounds the smallest numbers to nought for the whole process; property tests draw them."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_flush_denormal(False)
