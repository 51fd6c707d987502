"""Stored sweeps as an agent sees them: kept with their answer, asked about, judged again, deleted."""

from __future__ import annotations

import json

from tests.backend.agents.test_accounts import address, admin, guarded, token
from tests.backend.agents.test_accounts import call as call_guarded
from tests.backend.agents.test_tools import call, said, value
from tests.backend.sweeps.made import judged, sweep

__all__ = ["address", "admin", "guarded"]

ROWS = sweep(drift=-1.0, noise=0.0003)


def test_a_sweep_given_as_rows_is_kept_with_the_answer_of_judge(url):
    stored = value(call(url, ("store_sweep", {"rows": ROWS, "name": "widths"}))[0])
    at_once, later, listed = map(
        value,
        call(
            url,
            ("judge", {"rows": ROWS}),
            ("sweep_verdict", {"sweep_id": stored["sweep_id"]}),
            ("list_sweeps", {"limit": 1}),
        ),
    )

    same = {name: each for name, each in stored.items() if name not in ("sweep_id", "name")}
    assert same | {"text": same["text"].rstrip("\n")} == at_once
    assert later == stored
    assert [each["sweep_id"] for each in listed["result"]] == [stored["sweep_id"]]
    assert (listed["result"][0]["outcome"], listed["result"][0]["name"]) == ("does_not_transfer", "widths")
    assert len(json.dumps(stored, ensure_ascii=False)) < 6000


def test_an_unclear_column_is_a_question_that_the_next_call_answers(url):
    rows = [{"units": row["width"], **row} for row in sweep(noise=0.0004)]
    rows = [{name: each for name, each in row.items() if name != "width"} for row in rows]

    asked = value(call(url, ("store_sweep", {"rows": rows}))[0])
    choice = {"sweep_id": asked["sweep_id"], "columns": "width=units"}
    answered, unknown = call(
        url, ("judge_sweep_again", choice), ("judge_sweep_again", {**choice, "columns": "width=none"})
    )

    assert (asked["outcome"], "[sweep.no_size]" in asked["question"]) == (None, True)
    assert value(answered)["outcome"] == judged(sweep(noise=0.0004)).outcome
    assert "[sweep.unknown_column]" in said(unknown)


def test_choices_are_made_while_storing(url):
    rows = [row | {"batch": 32} for row in sweep(noise=0.0006)]
    rows += [row | {"batch": 64, "loss": row["loss"] - 0.05} for row in rows]

    stored = value(call(url, ("store_sweep", {"rows": rows, "axis": "batch"}))[0])

    assert stored["outcome"] == judged(rows, axis="batch").outcome


def test_only_a_token_that_may_submit_deletes(address, admin):
    reader, writer = token(admin, "read"), token(admin, "read", "submit")
    kept = call_guarded(address, writer, "store_sweep", rows=ROWS).structured_content["sweep_id"]

    refused = call_guarded(address, reader, "delete_sweep", sweep_id=kept)
    still = call_guarded(address, reader, "sweep_verdict", sweep_id=kept)
    deleted = call_guarded(address, writer, "delete_sweep", sweep_id=kept)
    gone = call_guarded(address, writer, "sweep_verdict", sweep_id=kept)

    assert "[account.not_allowed]" in said(refused)
    assert value(still)["outcome"] == "does_not_transfer"
    assert value(deleted)["state"] == "deleted"
    assert "[sweep.not_found]" in said(gone)
