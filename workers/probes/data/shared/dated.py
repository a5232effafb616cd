# ruff: noqa: S608 - names that go into SQL are quoted
"""Columns of dates that could not be read as such: written in several forms, or as a spreadsheet counts days.

``prepare`` takes a column of nearly all different texts or running numbers for names of rows. Dates are none:
two rows of different dates are different rows, however the dates are written.
"""

from __future__ import annotations

import re

from workers.probes.base import Column, Sample
from workers.probes.data.types.date_forms import form_of
from workers.sql import quoted

LOOKED_AT = 300  # values
DATES = 0.8  # share of them that must look like dates
# Days since 1899-12-30: 1954 to 2064. Only a column that also holds dates, or is called so, is one of them.
SERIAL = re.compile(r"[2-5]\d{4}(\.\d+)?")
CALLED = re.compile(r"(^|[^a-z])(date|day|datum|fecha|data|time|timestamp|birth|dob|when|at|on)([^a-z]|$)")


def is_dated(sample: Sample, column: Column) -> bool:
    """Whether a column that was taken for names of rows holds dates."""
    if column.type != "identifier":
        return False
    name = quoted(column.name)
    step = max(1, sample.rows // LOOKED_AT)
    with sample.table() as table:
        values = [
            str(value)
            for (value,) in table.execute(
                f"SELECT trim({name}) FROM rows WHERE trim({name}) <> '' AND _id % {step} = 0"
                f" LIMIT {LOOKED_AT}"
            ).fetchall()
        ]
    written = sum(form_of(value) is not None and not value.isdigit() for value in values)
    called = CALLED.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column.name).lower()) is not None
    days = sum(SERIAL.fullmatch(value) is not None for value in values) if written or called else 0
    return written + days >= DATES * max(1, len(values))
