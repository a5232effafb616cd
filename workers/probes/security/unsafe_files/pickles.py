"""A pickle followed opcode by opcode without loading it: what it imports, and what it calls.

The walk keeps a stack and a memo as ``pickle.Unpickler`` does, of names, texts, numbers and places in the
file only, so that a name put together over the memo is still read (STACK_GLOBAL, BINGET, DUP, MEMOIZE) and
one that cannot be followed is told as such. It is tolerant: a stream that is cut off or garbled has been
followed up to that point, several pickles may stand one after the other, and joblib's raw arrays between
the opcodes are stepped over. After the opcode list of ``pickletools`` (protocols 0 to 5, PEP 307, 3154, 574).
"""

from __future__ import annotations

from typing import Any

from workers.probes.security.unsafe_files.machine import Broken, Machine, Walk
from workers.probes.security.unsafe_files.opcodes import NUMERIC, STEPS

__all__ = ["Walk", "walk"]


def walk(data: Any, start: int = 0, *, deadline: float = float("inf"), depth: int = 0) -> Walk:
    """Follows the pickle at ``start`` of a bytes-like object; never raises, and never imports anything."""
    machine = Machine(data, start, deadline, depth, walk)
    found = machine.walk
    try:
        machine.run(STEPS, NUMERIC)
        found.complete = True
    except Broken as broken:
        found.error = found.error or str(broken)
    except (IndexError, ValueError, UnicodeDecodeError, OverflowError):
        found.error = found.error or "it is cut off or garbled"
    found.end = min(machine.at, len(data))
    return found
