"""Typed frames as columns of text. The oracles are the values that were written, and polars' own readers."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from muscope.backend.errors import MuscopeError
from muscope.backend.ingest.frames import frames
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.recognition.kinds import recognise
from muscope.backend.ingest.table.raw import Table
from muscope.backend.ingest.table.sampling import kept_places

WRITERS = {"parquet": "write_parquet", "arrow": "write_ipc", "stream": "write_ipc_stream"}


def read(source: Path, **options: Any) -> Table:
    return frames.read_frame(source, recognise(source), IngestOptions(**options))


def read_bytes(content: bytes | str, tmp_path: Path, **options: Any) -> Table:
    source = tmp_path / "upload.csv"
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(source, **options)


def texts(table: Table) -> dict[str, list[str]]:
    return {name: column.to_list() for name, column in table.columns.items()}


def notes(table: Table) -> dict[str, dict[str, Any]]:
    return {note.code: dict(note.params) for note in table.notes}


@pytest.fixture(params=list(WRITERS.values()), ids=list(WRITERS))
def write(request, tmp_path):
    def write_frame(frame: pl.DataFrame) -> Path:
        source = Path(tmp_path) / "data.csv"
        getattr(frame, request.param)(source)
        return source

    return write_frame


def test_every_kind_of_value_becomes_its_plain_text(write):
    frame = pl.DataFrame(
        {
            "whole": [1, None],
            "large": pl.Series([2**63 - 1, -(2**63)], dtype=pl.Int64),
            "float": [0.1 + 0.2, float("nan")],
            "whole float": [3.0, 1e16],
            "single": pl.Series([0.1, 16777216.0], dtype=pl.Float32),
            "decimal": [Decimal("1.50"), Decimal("0.01")],
            "truth": [True, None],
            "text": ["007", ""],
            "level": pl.Series(["a", None], dtype=pl.Categorical),
            "day": [datetime.date(2024, 1, 31), None],
            "moment": [datetime.datetime(2024, 1, 31), datetime.datetime(2024, 1, 31, 13, 5, 7)],
            "time": [datetime.time(13, 5), None],
            "duration": [datetime.timedelta(hours=30, seconds=5), None],
            "nothing": [None, None],
        }
    )

    table = read(write(frame))

    assert texts(table) == {
        "whole": ["1", ""],
        "large": ["9223372036854775807", "-9223372036854775808"],
        "float": ["0.30000000000000004", ""],
        "whole float": ["3", "10000000000000000"],
        "single": ["0.1", "16777216"],
        "decimal": ["1.50", "0.01"],
        "truth": ["TRUE", ""],
        "text": ["007", ""],
        "level": ["a", ""],
        "day": ["2024-01-31", ""],
        "moment": ["2024-01-31", "2024-01-31 13:05:07"],
        "time": ["13:05:00", ""],
        "duration": ["30:00:05", ""],
        "nothing": ["", ""],
    }
    assert list(table.rows) == [1, 2]


def test_floats_come_back_to_the_last_bit(write):
    bits = np.random.default_rng(3).integers(0, 2**64, 500, dtype=np.uint64)
    values = bits.view(np.float64)
    values = values[np.isfinite(values)]

    (column,) = read(write(pl.DataFrame({"x": values}))).columns.values()

    assert [float(text) for text in column.to_list()] == values.tolist()


def test_a_moment_keeps_the_time_of_its_place(write):
    moments = pl.Series([datetime.datetime(2024, 1, 31, 13, 5)]).dt.replace_time_zone("Asia/Tokyo")

    assert texts(read(write(pl.DataFrame({"at": moments, "x": [1]}))))["at"] == ["2024-01-31 13:05:00"]


def test_lists_and_records_are_left_out_and_named(write):
    frame = pl.DataFrame({"a": [1], "b": [[1, 2]], "c": [{"d": 1}], "e": [b"\xff"]})

    table = read(write(frame))

    assert list(table.columns) == ["a"]
    assert notes(table) == {"dataset.nested_left_out": {"columns": "b, c, e", "count": 3}}


def test_nothing_but_lists_is_refused(write):
    with pytest.raises(MuscopeError) as raised:
        read(write(pl.DataFrame({"b": [[1, 2]]})))

    assert (raised.value.code, raised.value.params) == ("dataset.no_flat_columns", {"columns": "b"})


@pytest.mark.parametrize("name", ["__index_level_0__", "Unnamed: 0", "index"])
def test_a_column_that_only_numbers_the_rows_is_left_out(name, write):
    table = read(write(pl.DataFrame({"a": [5, 6, 7], name: [0, 1, 2]})))

    assert list(table.columns) == ["a"]
    assert notes(table) == {"dataset.index_left_out": {"columns": name, "count": 1}}


def test_an_index_of_moments_is_kept(write):
    days = [datetime.date(2024, 1, 31), datetime.date(2024, 2, 1)]

    table = read(write(pl.DataFrame({"a": [5, 6], "__index_level_0__": days})))

    assert texts(table) == {"a": ["5", "6"], "index": ["2024-01-31", "2024-02-01"]}


def test_a_column_named_index_that_is_none_is_kept(write):
    assert list(read(write(pl.DataFrame({"index": [3, 1, 2], "a": [5, 6, 7]}))).columns) == ["index", "a"]


def test_names_are_neither_blank_nor_equal(write):
    assert list(read(write(pl.DataFrame({"a": [1], " a": [2], " ": [3]}))).columns) == [
        "a",
        "a_2",
        "column_3",
    ]


def test_no_rows_are_refused(write):
    with pytest.raises(MuscopeError, match=r"dataset\.no_rows\("):
        read(write(pl.DataFrame({"a": []})))


def test_too_many_columns_are_refused(write):
    with pytest.raises(MuscopeError, match=r"dataset\.too_many_columns\("):
        read(write(pl.DataFrame({f"c{i}": [1] for i in range(10_001)})))


def test_of_many_rows_an_even_sample_is_kept_with_its_places(write, monkeypatch):
    monkeypatch.setattr(frames, "kept_places", lambda count, _limit: kept_places(count, 100))

    table = read(write(pl.DataFrame({"x": range(1000), "y": range(1000, 2000)})))

    assert notes(table) == {"dataset.rows_sampled": {"kept": 100, "count": 1000}}
    assert texts(table)["x"] == [str(row - 1) for row in table.rows]
    assert texts(table)["y"] == [str(row + 999) for row in table.rows]
    assert table.num_rows_in_file == 1000


@pytest.mark.parametrize("count", [101, 199, 250, 12_345])
def test_a_sample_takes_one_row_of_each_stretch_and_always_the_same(count):
    places = kept_places(count, 100)

    assert len(places) == 100
    assert [int(place) * 100 // count for place in places] == pytest.approx(list(range(100)), abs=1)
    assert np.all(np.diff(places) > 0)
    assert places[0] >= 0
    assert places[-1] < count
    assert np.array_equal(places, kept_places(count, 100))


def test_a_file_that_is_cut_off_is_refused(write, tmp_path):
    content = write(pl.DataFrame({"a": range(1000)})).read_bytes()

    with pytest.raises(MuscopeError, match=r"dataset\.frame_damaged\("):
        read_bytes(content[: len(content) // 2], tmp_path)


JSON_ROWS = [{"a": 1, "b": "x"}, {"a": 2.5, "b": None}, {"a": None, "b": "日本"}]
SHAPES = {
    "lines": "\n".join(map(json.dumps, JSON_ROWS)),
    "array": json.dumps(JSON_ROWS),
    "pretty array": json.dumps(JSON_ROWS, indent=4, ensure_ascii=False),
    "pretty lines": "\n".join(json.dumps(row, indent=2) for row in JSON_ROWS),
    "with a mark": "\ufeff" + json.dumps(JSON_ROWS),
    "trailing commas": '[{"a": 1, "b": "x",}, {"a": 2.5, "b": null},\n{"a": null, "b": "日本",},]',
    "columns": json.dumps({"a": [1, 2.5, None], "b": ["x", None, "日本"]}),
    "columns by row": json.dumps({"a": {"0": 1, "1": 2.5}, "b": {"0": "x", "2": "日本"}}),
    "rows by number": json.dumps({str(number): row for number, row in enumerate(JSON_ROWS)}),
    "names and data": json.dumps(
        {"columns": ["a", "b"], "index": [0, 1, 2], "data": [[1, "x"], [2.5, None], [None, "日本"]]}
    ),
    "rows below names": json.dumps([["a", "b"], [1, "x"], [2.5, None], [None, "日本"]]),
    "under a key": json.dumps({"status": "ok", "items": JSON_ROWS}),
}


@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES)
def test_json_is_read_in_the_shapes_that_programs_write(content, tmp_path):
    assert texts(read_bytes(content, tmp_path)) == {"a": ["1", "2.5", ""], "b": ["x", "", "日本"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "cp932"])
def test_json_is_read_in_the_encodings_it_has(encoding, tmp_path):
    table = read_bytes('[{"名前": "表", "x": 1}]'.encode(encoding), tmp_path)

    assert texts(table) == {"名前": ["表"], "x": ["1"]}
    assert [(d.option, d.value) for d in table.decisions] == (
        [("encoding", "cp932")] if encoding == "cp932" else []
    )


def test_json_numbers_stay_as_they_are_written(tmp_path):
    content = '{"x": 12345678901234567890, "y": 1.10, "z": 1e-400}\n{"x": NaN, "y": -Infinity, "z": true}'

    assert texts(read_bytes(content, tmp_path)) == {
        "x": ["12345678901234567890", ""],
        "y": ["1.10", "-inf"],
        "z": ["1e-400", "TRUE"],
    }


def test_a_key_that_comes_late_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("muscope.backend.ingest.frames.json_rows._BATCH_CELLS", 50)
    lines = [json.dumps({"a": number}) for number in range(1000)]
    lines[700] = json.dumps({"a": 700, "late": "x"})

    table = read_bytes("\n".join(lines), tmp_path)

    assert texts(table)["a"] == [str(number) for number in range(1000)]
    assert [place for place, cell in enumerate(texts(table)["late"]) if cell] == [700]


def test_json_is_the_same_however_it_falls_into_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr("muscope.backend.ingest.frames.json_values._PIECE_CHARACTERS", 7)
    rows = [{"a": number * 1.5, "b": f"text, }} {number}", "c": number % 2 == 0} for number in range(50)]
    content = json.dumps(rows, indent=1).replace("\n }", ",\n }")

    table = read_bytes(content, tmp_path)

    assert texts(table)["b"] == [row["b"] for row in rows]
    assert [float(text) for text in texts(table)["a"]] == [row["a"] for row in rows]


def test_json_of_polars_is_what_polars_reads(tmp_path):
    frame = pl.DataFrame({"a": range(3000), "b": [f"x{i}" for i in range(3000)]})
    content = frame.write_ndjson().encode()

    assert texts(read_bytes(content, tmp_path)) == {
        name: [str(value) for value in column] for name, column in pl.read_ndjson(content).to_dict().items()
    }


def test_nested_values_of_json_are_left_out_and_named(tmp_path):
    table = read_bytes('[{"a": 1, "b": [], "c": {"d": 1}}, {"a": 2, "b": {}}]', tmp_path)

    assert texts(table) == {"a": ["1", "2"], "b": ["", ""]}
    assert notes(table) == {"dataset.nested_left_out": {"columns": "c", "count": 1}}


@pytest.mark.parametrize(
    ("content", "code", "params"),
    [
        ('{"a": 1}\n{"a": ', "dataset.json_damaged", {"number": 2}),
        ('[{"a": 1}, {"a": 2}', "dataset.json_damaged", {"number": 3}),
        ('{"a": 1}\n{a: 2}\n{"a": 3}', "dataset.json_damaged", {"number": 2}),
        ('{"a": 1}\n7\n', "dataset.json_no_records", {"number": 2}),
        ("[]", "dataset.no_rows", {"kind": "JSON"}),
        ("[{}]", "dataset.no_flat_columns", {}),
        ('{"a": ' + "[" * 100_000, "dataset.json_damaged", {"number": 1}),
        ('{"a": "é"}'.encode("latin-1"), "dataset.unknown_encoding", {}),
    ],
)
def test_what_is_wrong_with_json_is_said(content, code, params, tmp_path):
    with pytest.raises(MuscopeError) as raised:
        read_bytes(content, tmp_path)

    assert raised.value.code == code
    assert params.items() <= raised.value.params.items()


def test_too_many_keys_are_refused(tmp_path):
    lines = [json.dumps({f"k{row}.{place}": 1 for place in range(1000)}) for row in range(11)]

    with pytest.raises(MuscopeError, match=r"dataset\.too_many_columns\("):
        read_bytes("\n".join(lines), tmp_path)
