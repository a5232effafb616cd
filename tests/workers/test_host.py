"""What the process of a probe makes of errors."""

from __future__ import annotations

import pytest

from workers import host


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), "accelerator's memory"),
        (MemoryError(), "2 GB of memory"),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp] . DefaultCPUAllocator: can't allocate memory"),
            "2 GB",
        ),
    ],
)
def test_out_of_memory_skips_the_probe_and_says_which_memory(error, word):
    found = host.explained(error, "Memory", 2 * 2**30)
    assert found.state == "skipped"
    assert word in found.note
    assert found.facts["cause"] == "memory"


def test_another_error_is_told_without_its_text():
    found = host.explained(ValueError("row 3 says secret"), "Memory", 2**30)
    assert found.state == "failed"
    assert "ValueError" in found.note
    assert "secret" not in found.note
