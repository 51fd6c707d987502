"""Every point of an experiment as a table, compared with the canonical export."""

from __future__ import annotations

import csv
import io
import math
import struct

import polars as pl
import pytest

from muscope.backend.db import metrics
from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.errors import NotFound
from muscope.backend.services import stored_values
from muscope.backend.services.experiments.export import export_lines
from muscope.backend.services.runs import points
from muscope.backend.services.runs.points import OF_POINT, OF_RUN, point_lines, write_parquet
from muscope.backend.spreadsheet import BYTE_ORDER_MARK
from tests.backend.db.stores import add_experiment, change_cell
from tests.backend.services.recorded import DIVERGES_AT, record


@pytest.fixture
def experiment_id(database):
    """Return an experiment of a whole cell, one of whose runs diverged, one half done, and queued ones."""
    experiment_id, cell_ids = add_experiment(database)
    record(database, cell_ids[0])
    record(database, cell_ids[1], until=7)
    change_cell(database, cell_ids[1], state="running")
    with database.write() as session:
        metrics.mark_diverged(session, cell_ids[0], {3: DIVERGES_AT})
    return experiment_id


def exported(line):
    """Return the place and the value of a line of the canonical export, None where it is not finite."""
    scenario, parametrization, width, depth, lr, seed, metric, step, *component, value = line.split("\t")
    (number,) = struct.unpack("<f", bytes.fromhex(value))
    place = (scenario, parametrization, int(width), int(depth), float(lr), int(seed), metric)
    return (*place, int(*component or "0"), int(step)), number if math.isfinite(number) else None


def test_the_points_are_the_values_of_the_export(context, experiment_id):
    expected = dict(map(exported, export_lines(context, LOCAL_OWNER, experiment_id)))

    text = "\n".join(point_lines(context, LOCAL_OWNER, experiment_id))

    assert text.startswith(BYTE_ORDER_MARK)
    rows = list(csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK))))
    assert rows[0] == [*OF_RUN, *OF_POINT]
    kinds = (str, str, int, int, float, int, str, int, int)
    found = [tuple(kind(cell) for kind, cell in zip(kinds, row, strict=False)) for row in rows[1:]]
    values = [float(row[-1]) if row[-1] else None for row in rows[1:]]
    assert len(found) == len(expected) > 100
    assert dict(zip(found, values, strict=True)) == expected
    assert None in values


def test_parquet_holds_the_same_points_with_their_types(context, experiment_id, tmp_path):
    text = "".join(f"{line}\n" for line in point_lines(context, LOCAL_OWNER, experiment_id))
    source, out = tmp_path / "points.csv", tmp_path / "points.parquet"
    source.write_text(text, encoding="utf-8")

    write_parquet(source, out)

    table = pl.read_parquet(out)
    assert table.columns == [*OF_RUN, *OF_POINT]
    assert {str(table[name].dtype) for name in ("width", "seed", "step")} == {"Int64"}
    assert (str(table["lr"].dtype), str(table["value"].dtype)) == ("Float64", "Float32")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK))))
    assert table["value"].to_list() == [float(row["value"]) if row["value"] else None for row in rows]
    assert table["metric"].to_list() == [row["metric"] for row in rows]


def test_runs_that_are_read_one_at_a_time_give_the_same_points(context, experiment_id, monkeypatch):
    together = list(point_lines(context, LOCAL_OWNER, experiment_id))
    monkeypatch.setattr(stored_values, "MOST_VALUES", 1)
    monkeypatch.setattr(points, "_STEPS_AT_ONCE", 2)

    assert list(point_lines(context, LOCAL_OWNER, experiment_id)) == together


def test_blocks_hold_every_run_once_and_no_more_values_than_allowed():
    runs = list(range(10))

    assert [list(block) for block in stored_values.in_blocks(runs, stored_values.MOST_VALUES // 4)] == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9],
    ]
    assert len(list(stored_values.in_blocks(runs, 2 * stored_values.MOST_VALUES))) == 10
    assert list(stored_values.in_blocks([], 0)) == []


def test_only_the_owner_gets_the_points(context, experiment_id):
    with pytest.raises(NotFound):
        next(point_lines(context, "somebody else", experiment_id))
