"""Curves, tensors and the export of cells whose values were written by hand."""

from __future__ import annotations

import hashlib
import math
import uuid
from typing import Any

import httpx
import numpy as np
import pytest

from muscope.backend.db import metrics
from muscope.backend.db.metrics import Chunk
from muscope.backend.db.schema.tables import CellRow, CellTensorRow
from muscope.backend.domain.spec.metrics import Metric
from tests.backend.api.conftest import Server


@pytest.fixture
def cell(server: Server, client: httpx.Client, experiment: dict[str, Any]) -> dict[str, Any]:
    """The first cell with two windows of train loss; its second run diverges at step 3."""
    cell: dict[str, Any] = client.get(f"/api/v1/experiments/{experiment['id']}/cells").json()[0]
    cell_id = uuid.UUID(cell["id"])
    num_runs = cell["num_runs"]
    values = np.arange(8 * num_runs, dtype=np.float32).reshape(8, num_runs)
    values[3:, 1] = math.nan
    with server.runtime.context.database.write() as session:
        row = session.get_one(CellRow, cell_id)
        row.chunk_steps, row.committed_step = 4, 7
        chunks = [
            Chunk(Metric.TRAIN_LOSS, first, range(first, first + 4), values[first:][:4]) for first in (0, 4)
        ]
        metrics.append(session, metrics.rows_of(cell_id, chunks, tail_from=18))
        metrics.mark_diverged(session, cell_id, {1: 3})
        session.add(
            CellTensorRow(
                cell_id=cell_id, name="input", role="input", num_rows=8, num_columns=2,
                forward_mult=1.0, init_std=0.5, lr_mult=2.0, epsilon=1e-9,
            )
        )  # fmt: skip
    return cell


def curve(client: httpx.Client, cell: dict[str, Any], **params: Any) -> httpx.Response:
    return client.get(f"/api/v1/cells/{cell['id']}/curves", params={"metric": "train_loss", **params})


def test_a_curve_has_null_after_a_run_diverged(client: httpx.Client, cell: dict[str, Any]):
    reply = curve(client, cell)

    assert "NaN" not in reply.text
    read = reply.json()
    assert read["steps"] == list(range(8))
    assert [values[1] is None for values in read["values"]] == [step >= 3 for step in range(8)]
    assert read["committed_step"] == 7
    assert len(read["run_ids"]) == len(read["lrs"]) == len(read["seeds"]) == cell["num_runs"]


@pytest.mark.parametrize(("after", "steps"), [(-1, 8), (0, 7), (3, 4), (5, 2), (7, 0), (10**9, 0)])
def test_only_later_steps_are_read(client: httpx.Client, cell: dict[str, Any], after: int, steps: int):
    assert curve(client, cell, after=after).json()["steps"] == list(range(8))[8 - steps :]


@pytest.mark.parametrize("params", [{"metric": "nonsense"}, {"after": -2}, {"after": "x"}])
def test_a_wrong_parameter_is_named(client: httpx.Client, cell: dict[str, Any], params: dict[str, Any]):
    reply = curve(client, cell, **params)

    assert (reply.status_code, reply.json()["error"]["params"]["field"]) == (422, next(iter(params)))


def test_a_diverged_run_is_listed_as_such_with_finite_summaries(
    client: httpx.Client, cell: dict[str, Any], experiment: dict[str, Any]
):
    runs = client.get(f"/api/v1/experiments/{experiment['id']}/runs").json()["items"]

    (diverged,) = (run for run in runs if run["state"] == "diverged")
    assert (diverged["cell_id"], diverged["position"], diverged["diverged_at"]) == (cell["id"], 1, 3)
    assert diverged["summaries"]["train_loss"]["num_non_finite"] == 5
    assert diverged["summaries"]["train_loss"]["last"] is None


def test_tensors_tell_their_effective_constants(client: httpx.Client, cell: dict[str, Any]):
    (tensor,) = client.get(f"/api/v1/cells/{cell['id']}/tensors").json()

    assert (tensor["name"], tensor["shape"], tensor["lr_mult"]) == ("input", [8, 2], 2.0)
    assert (tensor["branch_mult"], tensor["epsilon"], tensor["weight_decay"]) == (None, 1e-9, None)


def test_the_export_is_a_download_with_its_own_fingerprint(
    client: httpx.Client, server: Server, cell: dict[str, Any], experiment: dict[str, Any]
):
    route = f"/api/v1/experiments/{experiment['id']}/export"

    reply = client.get(route)
    digest = client.get(f"{route}/sha256").json()["sha256"]

    assert reply.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in reply.headers["content-security-policy"]
    assert reply.text.count("\n") == 8 * cell["num_runs"]
    assert reply.text.count("\t") == 8 * reply.text.count("\n")
    assert hashlib.sha256(reply.content).hexdigest() == digest == reply.headers["etag"].strip('"')
    assert server.scratch == []


@pytest.mark.parametrize("part", ["", "/tensors", "/curves?metric=train_loss"])
def test_an_unknown_cell_is_not_found(client: httpx.Client, part: str):
    reply = client.get(f"/api/v1/cells/{uuid.uuid4()}{part}")

    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "cell.not_found")
