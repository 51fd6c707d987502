"""Judging a sweep over REST."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.backend.sweeps.made import judged, sweep, table
from tests.differences import differences

JUDGE = "/api/v1/sweeps/judge"


def rows_of(**shape: Any) -> list[dict[str, Any]]:
    return sweep(**shape)


def test_the_answer_is_the_one_of_the_command(client: httpx.Client):
    rows = rows_of(drift=-0.5, noise=0.0005)

    reply = client.post(JUDGE, json={"rows": rows})

    assert reply.status_code == 200, reply.text
    assert differences(reply.json(), judged(rows).model_dump(mode="json")) == []


def test_columns_as_lists_give_the_same_answer(client: httpx.Client):
    rows = rows_of()

    replies = [client.post(JUDGE, json=body).json() for body in ({"rows": rows}, {"table": table(rows)})]

    assert replies[0] == replies[1]


def test_named_columns_and_a_law_of_ones_own(client: httpx.Client):
    rows = [{"units": row["width"], "lr": row["lr"], "score": row["loss"]} for row in rows_of(drift=-0.5)]

    reply = client.post(
        JUDGE, json={"rows": rows, "columns": {"width": "units", "loss": "score"}, "law": None}
    )

    (axis,) = reply.json()["arms"][0]["axes"]
    assert axis["axis"] == "width"
    assert {c["measures"]["extra_compute"]["value"] for c in axis["comparisons"]} == {None}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "sweep.rows_or_table"),
        ({"rows": []}, "sweep.no_rows"),
        ({"table": {"size": [1], "lr": [0.1, 0.2]}}, "sweep.uneven_columns"),
        ({"rows": [{"size": 1, "lr": 0.1, "loss": 2, "val_loss": 2}]}, "sweep.several_columns"),
        ({"rows": [{"size": 1, "lr": 0.1, "accuracy": 0.5}]}, "sweep.not_a_loss"),
        ({"rows": [{"size": 1, "lr": -1, "loss": 2}]}, "sweep.lr_not_positive"),
        ({"rows": [{"size": 1, "lr": 0.1, "loss": 2}]}, "sweep.nothing_varied"),
    ],
)
def test_what_cannot_be_used_is_named(client: httpx.Client, body: dict[str, Any], code: str):
    reply = client.post(JUDGE, json=body)

    assert (reply.status_code, reply.json()["error"]["code"]) == (400, code)


def test_a_sentence_comes_in_japanese(client: httpx.Client):
    reply = client.post(JUDGE, json={"rows": []}, headers={"Accept-Language": "ja"})

    assert (
        reply.json()["error"]["message"]
        == "表に行がありません。1 行に 1 回の学習を書いた表を指定してください。"
    )
