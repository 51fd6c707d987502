"""The row of large files in small: sent in pieces through the whole product, broken off once."""

import polars as pl
import pytest

from benchmarks.rows.product.large_files import take_in, write_long
from benchmarks.sent_in_pieces import PIECE_BYTES
from benchmarks.stack import running

ROWS, COLUMNS = 300_000, 8


def test_a_table_is_written_in_parts_with_one_header(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.rows.product.large_files._ROWS_AT_ONCE", 40)

    write_long(tmp_path / "long.csv", 100, 3)

    table = pl.read_csv(tmp_path / "long.csv")
    assert (table.shape, table.columns) == ((100, 3), ["x0", "x1", "label"])
    assert set(table["label"]) == {0, 1, 2, 3}


@pytest.mark.slow
@pytest.mark.system
def test_a_table_in_pieces_arrives_whole_over_a_connection_that_breaks_off(tmp_path):
    path = tmp_path / "long.csv"
    write_long(path, ROWS, COLUMNS)
    assert path.stat().st_size > PIECE_BYTES

    with running(tmp_path / "data") as stack:
        measured = take_in(stack, path)

    assert measured.num_rows == ROWS
    assert 0 <= measured.num_repeated < PIECE_BYTES
    assert 50 << 20 < measured.reader_bytes < 2 << 30
    assert 50 << 20 < measured.web_bytes < 2 << 30
