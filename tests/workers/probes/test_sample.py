"""A Sample opens its table once, and whoever closes a connection closes only their own."""

from __future__ import annotations

import duckdb
import pytest

from tests.workers.probes.tables import prepared
from workers.inputs import prepare
from workers.probes.base import Sample


def test_a_connection_that_is_closed_leaves_the_others_open(tmp_path):
    sample = prepared(tmp_path, {"a": ["1", "2", "3"], "y": ["0", "1", "0"]}, {"y": "binary"})
    with sample.table() as first:
        with sample.table() as second:
            assert second.execute("SELECT count(*) FROM rows").fetchone() == (3,)
        assert first.execute("SELECT sum(a::INT) FROM rows").fetchone() == (6,)
    with sample.table() as third:
        assert third.execute("SELECT max(a) FROM rows").fetchone() == ("3",)
        with pytest.raises(duckdb.Error):
            third.execute("DELETE FROM rows")


def test_a_folder_is_prepared_again_under_a_sample_that_has_it_open(tmp_path):
    upload = tmp_path / "a.csv"
    for rows in (40, 60):
        upload.write_text("x,y\n" + "".join(f"{i},{i % 2}\n" for i in range(rows)))
        prepare([upload], ["a.csv"], tmp_path / "out", targets=["y"])
        sample = Sample(tmp_path / "out")
        with sample.table() as table:
            assert table.execute("SELECT count(*) FROM rows").fetchone() == (rows,)


def test_a_table_can_be_written_again_once_its_sample_is_gone(tmp_path):
    sample = prepared(tmp_path, {"a": ["1"], "y": ["0"]}, {"y": "binary"})
    with sample.table() as table:
        assert table.execute("SELECT count(*) FROM rows").fetchone() == (1,)
    del sample, table
    sample = prepared(tmp_path, {"a": ["1", "2"], "y": ["0", "1"]}, {"y": "binary"})
    with sample.table() as table:
        assert table.execute("SELECT count(*) FROM rows").fetchone() == (2,)
