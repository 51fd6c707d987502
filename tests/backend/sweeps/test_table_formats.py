"""Files of runs in every format, and the export of Aim's page: the same columns from all."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from muscope.backend.errors import MuscopeError
from muscope.backend.ingest.rows.aim_table import of_aim
from muscope.backend.ingest.rows.columns import decimal_of, numbers_of, read_columns
from muscope.backend.ingest.rows.records import columns_of_records
from muscope.backend.sweeps.table import Options
from muscope.backend.sweeps.table import rows_of as read_table

RECORDS = [{"size": 128, "lr": 0.1, "loss": float("nan")}, {"size": 256, "lr": 0.1, "loss": 2.5}]


@pytest.mark.parametrize("form", ["csv", "german", "tsv", "jsonl", "json", "parquet"])
def test_every_format_gives_the_same_columns(tmp_path: Path, form: str):
    path = tmp_path / f"sweep.{form}"
    match form:
        case "csv":
            path.write_text("size,lr,loss\n128,0.1,nan\n256,0.1,2.5\n")
        case "german":
            path.write_text("size;lr;loss\n128;0,1;nan\n256;0,1;2,5\n")
        case "tsv":
            path.write_text("size\tlr\tloss\n128\t0.1\tnan\n256\t0.1\t2.5\n")
        case "jsonl":
            path.write_text("\n".join(json.dumps(record) for record in RECORDS))
        case "json":
            path.write_text(json.dumps({"rows": RECORDS}))
        case "parquet":
            pl.DataFrame(RECORDS).write_parquet(path)

    columns = read_columns(path)

    assert {
        name: [number if number == number else None for number in map(float_of, numbers_of(cells))]
        for name, cells in columns.items()
    } == {"size": [128, 256], "lr": [0.1, 0.1], "loss": [None, 2.5]}
    assert columns["loss"][0] == "nan"


def float_of(number: float | None) -> float:
    return math.nan if number is None else number


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "dataset.empty_file"),
        (b'{"size": 1', "sweep.json_damaged"),
        (b"[1, 2]", "sweep.json_no_records"),
        (b"PAR1 and then nothing", "dataset.frame_damaged"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes, code: str):
    path = tmp_path / "sweep"
    path.write_bytes(content)

    with pytest.raises(MuscopeError) as refused:
        read_columns(path)

    assert refused.value.code == code


def aim_heading(name: str, context: str) -> str:
    """Return the heading of a metric as Aim's page writes it: JSON in base64, without padding."""
    metric = {"metricName": name, "contextName": context}
    encoded = b64encode(json.dumps(metric, separators=(",", ":")).encode())
    return "O-" + encoded.decode().rstrip("=").replace("+", "-").replace("/", "_")


def test_the_table_of_runs_that_aims_page_exports_is_read(tmp_path: Path):
    """Every cell is quoted, texts within as well; `-` stands for nothing, `--` between groups."""
    heads = ["hash", "experiment", "run", "date", "duration", aim_heading("loss", ' subset="val"')]
    heads += ["hparams.lr", "hparams.model.width", "hparams.optimizer"]
    runs = [
        ["a1", "widths", "Run: a1", "07:12:09 29 Nov, 26", "12s", "3.25", "0.001", "128", '"adamw"'],
        ["a2", "widths", "Run: a2", "07:12:59 29 Nov, 26", "14s", "-", "0.002", "128", '"adamw"'],
        ["--"] * len(heads),
        ["b1", "widths", "Run: b1", "07:14:09 29 Nov, 26", "22s", "3.05", "0.001", "256", '"adamw"'],
    ]
    path = tmp_path / "runs.csv"
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in (heads, *runs)]
    path.write_text("\r\n".join(lines) + "\r\n", newline="")

    columns = read_columns(path)
    rows = read_table(columns, Options(), partial(numbers_of, decimal=decimal_of(columns)))

    assert [(run.levels["width"], run.lr, run.arm) for run in rows.runs] == [
        (128.0, 0.001, ("adamw",)),
        (128.0, 0.002, ("adamw",)),
        (256.0, 0.001, ("adamw",)),
    ]
    assert [run.loss for run in rows.runs] == pytest.approx([3.25, math.nan, 3.05], nan_ok=True)
    assert "val/loss" in columns


@pytest.mark.parametrize("name", ["O-", "O-ring", "O-e30", "O-bnVsbA", "loss"])
def test_a_column_that_only_looks_like_aims_stays_as_it_is(name: str):
    assert of_aim({name: ["-", "--"]}) is None


def test_records_may_lack_a_key():
    assert columns_of_records([{"a": 1}, {"b": True}]) == {"a": ["1", ""], "b": ["", "1"]}
