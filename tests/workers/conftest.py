"""A sandbox that also knows the misbehaving probes of ``tests/workers/misbehaving.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workers import launch, sandbox

SECRET = "what no probe may see"  # stands in the worker's environment before any server starts


@pytest.fixture(scope="module")
def misbehaving() -> Iterator[None]:
    """Hosts started from here on resolve ``test.NAME`` in that module; no setting can do this."""
    before = launch.os.environ.pop(launch.VARIABLE, None)
    launch.TEST_TARGETS = "tests.workers.misbehaving"
    launch.os.environ["SECRET_OF_THE_WORKER"] = SECRET
    try:
        sandbox.start()
        yield
    finally:
        sandbox.stop()
        launch.TEST_TARGETS = None
        del launch.os.environ["SECRET_OF_THE_WORKER"]
        if before:
            launch.os.environ[launch.VARIABLE] = before


@pytest.fixture
def request_for(misbehaving: None, tmp_path: Path) -> Callable[..., sandbox.Request]:
    """``request_for("spin", seconds=1)``: a request for one of those probes, its scratch under tmp_path."""

    def make(name: str, **fields: object) -> sandbox.Request:
        given = {"out": tmp_path / "scratch", "seconds": 30.0, "memory": 512 * 2**20, **fields}
        return sandbox.Request(f"test.{name}", **given)

    return make
