"""Landlock by ctypes: which paths a process may open, and that it opens no TCP port.

Three system calls, the same numbers on every architecture; no library is needed. What an older
kernel does not know is left out of the rule set, and seccomp covers the same ground again.
Source: linux/Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_FLAG, PATH_BENEATH = 1, 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15

READ = READ_FILE | READ_DIR
# No links, devices, pipes or sockets: whoever opens the scratch folder afterwards finds plain files.
WRITE = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE
DEVICE = READ | WRITE_FILE | IOCTL_DEV
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

BIND_TCP, CONNECT_TCP = 1, 2
SCOPE_ABSTRACT_SOCKET, SCOPE_SIGNAL = 1, 2

Rule = tuple[Path, int]


class _Ruleset(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """The kernel's Landlock version; 0 where there is none or it is switched off."""
    try:
        return max(
            0, _libc().syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(VERSION_FLAG))
        )
    except (AttributeError, OSError):
        return 0


def handled(abi: int) -> _Ruleset:
    """Everything this kernel can deny, which is everything that no rule then allows."""
    fs = (1 << 13) - 1
    fs |= (REFER if abi >= 2 else 0) | (TRUNCATE if abi >= 3 else 0) | (IOCTL_DEV if abi >= 5 else 0)
    net = BIND_TCP | CONNECT_TCP if abi >= 4 else 0
    return _Ruleset(fs, net, SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL if abi >= 6 else 0)


def restrict(rules: Iterable[Rule]) -> None:
    """From here on this thread and its children open only what ``rules`` allow; there is no way back."""
    libc, abi = _libc(), version()
    if abi < 1:
        raise OSError("This kernel has no Landlock.")
    everything = handled(abi)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = libc.syscall(
        CREATE_RULESET, ctypes.byref(everything), ctypes.c_size_t(size), ctypes.c_uint32(0)
    )
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "Landlock refused the rule set")
    try:
        for path, rights in rules:
            _allow(libc, ruleset, path, rights & everything.fs)
        if libc.syscall(RESTRICT_SELF, ruleset, ctypes.c_uint32(0)) != 0:
            raise OSError(ctypes.get_errno(), "Landlock refused to restrict this process")
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return  # what is not there needs no permission
    if not stat.S_ISDIR(os.fstat(place).st_mode):
        rights &= OF_A_FILE
    rule = _PathBeneath(rights, place)
    failed = libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), ctypes.c_uint32(0)) != 0
    error = ctypes.get_errno()
    if failed or not str(path).startswith("/proc/"):
        os.close(place)  # an entry of /proc keeps its rule only while somebody holds it open
    if failed:
        raise OSError(error, "Landlock refused a rule", str(path))
