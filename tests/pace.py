"""How fast this machine is just now: limits of time hold on the machine they were set on, and slower ones."""

from __future__ import annotations

import time

AS_SET = 0.004  # seconds of `_work` there, while nothing else ran


def _work() -> int:
    """What a parser does most: small objects, dictionaries and words."""
    seen: dict[str, list[int]] = {}
    for number in range(12_000):
        word = f"{number % 997}: {number}"
        seen.setdefault(word.partition(":")[0], []).append(len(word) + number)
    return sum(sum(numbers) for numbers in seen.values())


def pace() -> float:
    """How many times longer a piece of work takes the processor than it did there; at least 1."""
    took = []
    for _ in range(5):
        began = time.process_time()
        _work()
        took.append(time.process_time() - began)
    return max(1.0, min(took) / AS_SET)
