"""A seccomp filter written by hand: which system calls a probe does not get.

No library is needed (pyseccomp wants libseccomp.so.2, which a bare machine lacks): the program is
a few hundred instructions of classic BPF, handed to the kernel through one system call.
Probes are arithmetic over files that are already allowed, so they need no network, no other
process, no new name space and no change of owner or mode. Numbers: asm/unistd_64.h and
asm-generic/unistd.h; tests/workers/test_confine.py compares them with libseccomp's.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterator

# name: (x86-64, arm64); None where the architecture does not have it.
CALLS: dict[str, tuple[int | None, int | None]] = {
    # network
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242),
    # other processes and what they hold
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "kcmp": (312, 272),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "sched_setscheduler": (144, 119), "sched_setattr": (314, 274), "sched_setparam": (142, 118),
    "setpriority": (141, 140), "ioprio_set": (251, 30), "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    # new processes; threads stay possible through clone, see below
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "setsid": (112, 157), "setpgid": (109, 154),
    # ways around the filter, and large doors into the kernel
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "io_setup": (206, 0), "io_submit": (209, 2), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "personality": (135, 92), "modify_ldt": (154, None), "uselib": (134, None),
    "add_key": (248, 217), "keyctl": (250, 219), "request_key": (249, 218),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "syslog": (103, 116), "acct": (163, 89),
    "iopl": (172, None), "ioperm": (173, None), "vhangup": (153, 58), "lookup_dcookie": (212, 18),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171),
    "clock_adjtime": (305, 266), "sethostname": (170, 161), "setdomainname": (171, 162),
    # name spaces and mounts
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "open_tree_attr": (467, 467), "quotactl": (179, 60),
    "quotactl_fd": (443, 443), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    # memory and queues that outlive the process or that no limit counts
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "shmat": (30, 196),
    "shmctl": (31, 195), "semget": (64, 190), "semop": (65, 193), "semtimedop": (220, 192),
    "semctl": (66, 191), "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188),
    "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181),
    # what Landlock does not ask about: owner, mode, times and attributes of any path of the same user
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "lchown": (94, None), "fchown": (93, 55), "fchownat": (260, 54),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16), "setxattrat": (463, 463),
    "removexattrat": (466, 466), "file_setattr": (469, 469), "utime": (132, None), "utimes": (235, None),
    "futimesat": (261, None), "truncate": (76, 45), "mknod": (133, None), "mknodat": (259, 33),
    "symlink": (88, None), "symlinkat": (266, 36),
}  # fmt: skip

# Calls that are fine with some arguments only; see `_special`.
SPECIAL: dict[str, tuple[int, int]] = {
    "clone": (56, 220), "clone3": (435, 435), "kill": (62, 129), "tgkill": (234, 131),
    "prlimit64": (302, 261), "sched_setaffinity": (203, 122), "prctl": (157, 167),
    "fcntl": (72, 25), "ioctl": (16, 29), "utimensat": (280, 88),
}  # fmt: skip

# A CUDA driver makes anonymous files for its own use; without a GPU nobody needs them.
FOR_A_GPU = frozenset({"memfd_create"})

ARCHITECTURES = {"x86_64": (0, 0xC000003E, 317), "aarch64": (1, 0xC00000B7, 277)}  # column, audit, seccomp
CLONE_THREAD = 0x10000
X32 = 0x40000000

_LOAD, _EQUAL, _AT_LEAST, _BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, constant


def available() -> bool:
    """Whether this kernel and architecture take our filter."""
    if not sys.platform.startswith("linux") or platform.machine() not in ARCHITECTURES:
        return False
    get_seccomp = 21
    try:
        return ctypes.CDLL(None, use_errno=True).prctl(get_seccomp, 0, 0, 0, 0) >= 0
    except (AttributeError, OSError):
        return False


def program(*, gpu: bool = False, pid: int | None = None) -> bytes:
    """The filter as the kernel wants it: 8 bytes an instruction."""
    column, audit, _ = ARCHITECTURES[platform.machine()]
    lines: list[Instruction] = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, audit),
        (_RETURN, 0, 0, _KILL),  # a 32-bit call would carry other numbers
        (_LOAD, 0, 0, 0),
    ]
    if column == 0:
        lines += [(_AT_LEAST, 0, 1, X32), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    for name, numbers in CALLS.items():
        number = numbers[column]
        if number is not None and not (gpu and name in FOR_A_GPU):
            refusal = errno.ENOSYS if name.startswith(("io_", "file_")) else errno.EPERM
            lines += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | refusal)]
    for name, numbers in SPECIAL.items():
        rule = list(_special(name, os.getpid() if pid is None else pid))
        lines += [(_EQUAL, 0, len(rule), numbers[column]), *rule]
    lines.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _argument(place: int, high: bool = False) -> Instruction:
    return (_LOAD, 0, 0, 16 + 8 * place + (4 if high else 0))


def _special(name: str, pid: int) -> Iterator[Instruction]:
    """What follows the match of a name; every branch ends in a return."""
    deny, allow = (_RETURN, 0, 0, _ERRNO | errno.EPERM), (_RETURN, 0, 0, _ALLOW)

    def only(place: int, *values: int) -> Iterator[Instruction]:
        yield _argument(place)
        for value in values:
            yield from [(_EQUAL, 0, 1, value & 0xFFFFFFFF), allow]
        yield deny

    def never(place: int, *values: int) -> Iterator[Instruction]:
        yield _argument(place)
        for value in values:
            yield from [(_EQUAL, 0, 1, value), deny]
        yield allow

    if name == "clone":  # a thread, never a process
        yield from [_argument(0), (_BITS, 0, 1, CLONE_THREAD), allow, deny]
    elif name == "clone3":  # its flags lie in memory, where no filter reads; glibc then uses clone
        yield (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)
    elif name in ("kill", "tgkill"):  # abort() and raise() reach oneself
        yield from only(0, pid)
    elif name in ("prlimit64", "sched_setaffinity"):
        yield from only(0, 0, pid)
    elif name == "prctl":  # PR_SET_PDEATHSIG, PR_SET_MM, PR_SET_PTRACER
        yield from never(0, 1, 35, 0x59616D61)
    elif name == "fcntl":  # F_SETOWN, F_SETSIG, F_SETOWN_EX: signals to a process of one's choice
        yield from never(1, 8, 10, 15)
    elif name == "ioctl":  # TIOCSTI, TIOCLINUX: typing into somebody's terminal
        yield from never(1, 0x5412, 0x541C)
    elif name == "utimensat":  # through an open file, never by path
        yield from [_argument(1), (_EQUAL, 1, 0, 0), deny]
        yield from [_argument(1, high=True), (_EQUAL, 1, 0, 0), deny, allow]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("lines", ctypes.c_char_p)]


def install(*, gpu: bool = False) -> None:
    """Puts the filter over every thread of this process, for good. Needs no_new_privs."""
    libc = ctypes.CDLL(None, use_errno=True)
    lines = program(gpu=gpu)
    _, _, number = ARCHITECTURES[platform.machine()]
    set_filter, all_threads = 1, 1
    filled = _Program(len(lines) // 8, lines)
    if libc.syscall(number, set_filter, all_threads, ctypes.byref(filled)) != 0:
        raise OSError(ctypes.get_errno(), "seccomp refused the filter")
