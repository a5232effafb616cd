# ruff: noqa: PTH101, PTH123, PTH202, PTH208, PTH211
"""Probes that attack, run away or crash, for tests of the sandbox; no production host loads them.

An attack returns what it got as its note; blocked, it raises OSError or MemoryError or it is killed.
``sample.answers`` carries what an attack needs to know (a path, a process id, a port).
"""

from __future__ import annotations

import ctypes
import mmap
import os
import resource
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from workers.probes.base import Budget, Finding, Sample

libc = ctypes.CDLL(None, use_errno=True)
LONG = ctypes.c_long


def _called(*arguments: int | bytes | None) -> int:
    """A system call by number; OSError when the kernel refuses."""
    libc.syscall.restype = LONG
    result = libc.syscall(*[LONG(a) if isinstance(a, int) else a for a in arguments])
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def got(what: object) -> Finding:
    return Finding(1.0, f"GOT {what}")


# -- well-behaved -------------------------------------------------------------------------------
def legal(sample: Sample, budget: Budget) -> Finding:
    """Reads its input, writes its scratch, computes, and says how far it is."""
    import torch

    budget.progress(0.5, "half-way")
    Path("mine").mkdir()
    Path("mine/file").write_text("mine")
    Path("mine/file").rename("moved")
    read = (sample.folder / "manifest.json").read_text() if sample.folder else ""
    total = float(torch.nn.Linear(8, 8)(torch.ones(2, 8)).sum().detach() * 0 + 3)
    return Finding(
        total, Path("moved").read_text(), {"read": read, "nan": float("nan"), "\0key": "a\0b\ud800"}
    )


def nothing(sample: Sample, budget: Budget) -> Finding:
    status = Path("/proc/self/status").read_text()
    capabilities = status.partition("CapEff:")[2].split()[0]
    environment = Path("/proc/self/environ").read_bytes().decode("utf-8", "replace")
    facts = {"pid": os.getpid(), "environment": [environment, dict(os.environ)], "capabilities": capabilities}
    return Finding(0.0, "nothing", facts)


def threads(sample: Sample, budget: Budget) -> Finding:
    box: list[int] = []
    workers = [threading.Thread(target=box.append, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return Finding(float(len(box)), "threads work")


# -- the attacks --------------------------------------------------------------------------------
def read_file(sample: Sample, budget: Budget) -> Finding:
    return got(Path(sample.answers["path"]).read_bytes()[:200])


def list_folder(sample: Sample, budget: Budget) -> Finding:
    return got(os.listdir(sample.answers["path"]))


def read_environ(sample: Sample, budget: Budget) -> Finding:
    return got(Path(f"/proc/{sample.answers['pid']}/environ").read_bytes()[:200])


def write_outside(sample: Sample, budget: Budget) -> Finding:
    return got(Path(sample.answers["path"]).write_text("defaced"))


def change_mode(sample: Sample, budget: Budget) -> Finding:
    return got(os.chmod(sample.answers["path"], 0o777))


def change_times(sample: Sample, budget: Budget) -> Finding:
    return got(os.utime(sample.answers["path"], (0, 0)))


def link_into_scratch(sample: Sample, budget: Budget) -> Finding:
    os.symlink(sample.answers["path"], "link")
    return got("a link")


def attach(sample: Sample, budget: Budget) -> Finding:
    attach_request = 16
    return got(_called(101, attach_request, sample.answers["pid"], 0, 0))


def send_signal(sample: Sample, budget: Budget) -> Finding:
    return got(os.kill(sample.answers["pid"], signal.SIGUSR1))


def send_signal_by_descriptor(sample: Sample, budget: Budget) -> Finding:
    handle = os.pidfd_open(sample.answers["pid"])
    return got(signal.pidfd_send_signal(handle, signal.SIGUSR1))


def connect_tcp(sample: Sample, budget: Budget) -> Finding:
    with socket.create_connection(("127.0.0.1", sample.answers["port"]), timeout=5):
        return got("a connection")


def connect_unix(sample: Sample, budget: Budget) -> Finding:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(sample.answers["path"])
        return got("a connection")


def take_memory(sample: Sample, budget: Budget) -> Finding:
    return got(len(bytes(6 * 2**30)))


def take_memory_in_torch(sample: Sample, budget: Budget) -> Finding:
    import torch

    return got(float(torch.ones(6 * 2**28).sum()))


def fork_many(sample: Sample, budget: Budget) -> Finding:
    made = 0
    for _ in range(400):
        if os.fork() == 0:
            os._exit(0)
        made += 1
    return got(made)


def start_program(sample: Sample, budget: Budget) -> Finding:
    os.execv(sys.executable, [sys.executable, "-c", "print('other program')"])
    return got("another program")


def write_big_file(sample: Sample, budget: Budget) -> Finding:
    block = bytes(2**20)
    with open("big", "wb") as file:
        for _ in range(300):
            file.write(block)
    return got(os.path.getsize("big"))


def open_many(sample: Sample, budget: Budget) -> Finding:
    files = [os.open("/dev/null", os.O_RDONLY) for _ in range(5000)]
    return got(len(files))


def raise_limits(sample: Sample, budget: Budget) -> Finding:
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    return got("more files")


def use_io_uring(sample: Sample, budget: Budget) -> Finding:
    return got(_called(425, 4, ctypes.addressof(ctypes.create_string_buffer(256))))


def use_keyring(sample: Sample, budget: Budget) -> Finding:
    get_keyring_id, session = 0, -3
    return got(_called(250, get_keyring_id, session, 1))


def new_user_namespace(sample: Sample, budget: Budget) -> Finding:
    return got(_called(272, 0x10000000))


def anonymous_file(sample: Sample, budget: Budget) -> Finding:
    return got(os.memfd_create("hidden"))


def leave_session(sample: Sample, budget: Budget) -> Finding:
    if libc.prctl(1, 0, 0, 0, 0) == 0:  # PR_SET_PDEATHSIG to none: it would outlive its worker
        return got("a life of its own")
    raise OSError(ctypes.get_errno(), "prctl")


# -- the runaways -------------------------------------------------------------------------------
def sleep(sample: Sample, budget: Budget) -> Finding:
    time.sleep(600)
    return got("sleep")


def spin_in_c(sample: Sample, budget: Budget) -> Finding:
    pow(7, 10**9)  # one call into C that holds the interpreter for hours
    return got("a number")


def fork_until_refused(sample: Sample, budget: Budget) -> Finding:
    while True:
        if os.fork() == 0:
            time.sleep(600)


def ignore_sigterm(sample: Sample, budget: Budget) -> Finding:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)
    return got("sleep")


def fill_shared_memory(sample: Sample, budget: Budget) -> Finding:
    """Shared pages escape RLIMIT_DATA, so only the watchdog sees them."""
    kept = []
    while True:
        block = mmap.mmap(-1, 64 * 2**20)
        block.write(bytes(64 * 2**20))
        kept.append(block)
        time.sleep(0.01)


def write_ten_gigabytes(sample: Sample, budget: Budget) -> Finding:
    block = bytes(2**20)
    for file in range(50):
        with open(f"part{file}", "wb") as part:
            for _ in range(200):
                part.write(block)
    return got("10 GB")


def print_a_gigabyte(sample: Sample, budget: Budget) -> Finding:
    for _ in range(1024):
        os.write(1, b"x" * 2**20)
    return got("1 GB")


def many_threads(sample: Sample, budget: Budget) -> Finding:
    threading.stack_size(32768)
    for _ in range(1000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    time.sleep(60)
    return got("threads")


# -- bad answers --------------------------------------------------------------------------------
def crash(sample: Sample, budget: Budget) -> Finding:
    return got(ctypes.string_at(0))


def leave(sample: Sample, budget: Budget) -> Finding:
    os._exit(7)


def fail(sample: Sample, budget: Budget) -> Finding:
    raise ValueError("could not convert 'secret@example.org'")


def say_nonsense(sample: Sample, budget: Budget) -> Finding:
    os.write(3, sample.answers["line"].encode() + b"\n")
    time.sleep(60)
    return got("nonsense")


def say_too_much(sample: Sample, budget: Budget) -> Finding:
    return Finding(1.0, "much", {"rows": list(range(1_000_000))})


def flood(sample: Sample, budget: Budget) -> Finding:
    while True:
        os.write(3, b'{"kind": "progress", "share": 0.1, "sentence": "again"}\n' * 100)
