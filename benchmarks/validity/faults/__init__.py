"""The faults of the benchmark, a module each for what they spoil: labels, rows, columns, plans and so on."""

from benchmarks.validity.fault import Fault
from benchmarks.validity.faults import attacks, columns, files, labels, leaks, plans, rows, tasks

FAULTS: tuple[Fault, ...] = (
    *labels.FAULTS, *leaks.FAULTS, *rows.FAULTS, *columns.FAULTS, *attacks.FAULTS, *files.FAULTS,
    *plans.FAULTS, *tasks.FAULTS,
)  # fmt: skip
BY_NAME = {fault.name: fault for fault in FAULTS}
