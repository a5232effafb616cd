"""A process that confines itself: what it may read and write, call and use. Standard library only.

Three walls one behind the other: Landlock (paths, TCP, signals), seccomp (system calls) and limits
(memory, time, files). Each is by ctypes, so a machine with nothing but Python has them.
"""

from __future__ import annotations

import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

from workers.confine import landlock, limits, seccomp

SYSTEM = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/etc/ld.so.cache",
    "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime",
)  # fmt: skip
# What a program asks to know its machine; nothing here belongs to another process.
MACHINE = (
    "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/loadavg", "/proc/filesystems",
    "/proc/uptime", "/proc/version", "/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/osrelease",
    "/sys/devices/system", "/sys/devices/virtual/dmi/id", "/sys/fs/cgroup",
)  # fmt: skip
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/random")
GPU_READS = (
    "/proc/driver/nvidia",
    "/sys/bus/pci",
    "/sys/devices",
    "/sys/module/nvidia",
    "/usr/local",
    "/opt",
)
GPU_DEVICES = ("nvidia*", "dri/*", "shm")
PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Policy:
    """What one probe may reach."""

    reads: tuple[Path, ...]  # its input folder or files
    scratch: Path  # the one folder it may write
    memory: int  # bytes, on top of what the process holds when it is confined
    seconds: float  # of wall time; CPU time gets a little more, so that the watchdog speaks first
    file_bytes: int  # the largest file it may write
    gpu: bool = False
    code: tuple[Path, ...] = field(default=(PACKAGE,))


def python_folders() -> list[Path]:
    """Where this interpreter finds its library and its packages, and nothing beside them."""
    named = {sysconfig.get_paths()[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    prefixes = {Path(prefix) / "lib" for prefix in (sys.prefix, sys.base_prefix, sys.base_exec_prefix)}
    wheels = {Path(entry) for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))}
    return sorted({Path(name) for name in named} | prefixes | wheels)


def rules(policy: Policy) -> list[landlock.Rule]:
    """Every path of the policy with its rights."""
    reads = [*python_folders(), *policy.code, *map(Path, (*SYSTEM, *MACHINE)), *policy.reads]
    devices = [Path(name) for name in DEVICES]
    allowed = []
    if policy.gpu:
        reads += [Path(name) for name in GPU_READS]
        devices += [path for pattern in GPU_DEVICES for path in Path("/dev").glob(pattern)]
        # libcuda names its threads through /proc/self/task/*/comm
        allowed.append((Path("/proc/self"), landlock.READ | landlock.WRITE_FILE))
    allowed += [(path, landlock.READ) for path in reads]
    allowed += [(path, landlock.DEVICE) for path in devices]
    return [*allowed, (policy.scratch, landlock.WRITE)]


def apply(policy: Policy, *, paths: bool = True) -> None:
    """Confines this process for good. ``paths`` False where something else already hides the files."""
    limits.apply(
        memory=None if policy.gpu else policy.memory,
        cpu_seconds=int(policy.seconds) + 15,
        file_bytes=policy.file_bytes,
    )
    if not sys.platform.startswith("linux"):
        return
    limits.no_new_privileges()
    limits.drop_capabilities()
    if paths and landlock.version():
        landlock.restrict(rules(policy))
    if seccomp.available():
        seccomp.install(gpu=policy.gpu)
