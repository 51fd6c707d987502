"""Rows of security are met only by what was looked at, and see what is wrong."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from benchmarks.rows.security import (
    dependencies,
    first_run,
    malformed,
    roles,
    sign_in,
    slow_clients,
    spreadsheets,
    stored_scripts,
)
from benchmarks.rows.security.leaks import reachable_by_others
from benchmarks.rows.security.malformed import GOAL_REQUESTS, Reply
from benchmarks.rows.security.paths import payloads
from benchmarks.rows.security.scripts_as_text import joined
from benchmarks.rows.security.scripts_as_text import payloads as hostile_texts
from benchmarks.rows.security.source import deserialisation, unsafe_calls
from benchmarks.rows.security.stored_scripts import Seen


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from cloudpickle import loads",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path)",
        "yaml.load(text)",
        "eval(text)",
        "subprocess.run(text, shell=True)",
    ],
)
def test_a_call_that_runs_what_a_file_holds_is_found(source):
    assert len(list(unsafe_calls(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "torch.load(path, weights_only=True)",
        "np.load(path, allow_pickle=False)",
        "yaml.safe_load(text)",
        "model.eval()",
        "subprocess.run(['ls'])",
    ],
)
def test_its_harmless_relatives_are_left_alone(source):
    assert not list(unsafe_calls(source))


def test_the_product_runs_nothing_that_a_file_holds():
    result = deserialisation()

    assert result.is_met, result.notes


def test_a_server_error_a_silence_or_a_slow_answer_makes_the_row_short():
    good = [Reply("GET /a", 422, 0.1)] * GOAL_REQUESTS

    assert malformed.judged(good).is_met
    assert not malformed.judged(good[1:]).is_met
    for bad in (Reply("GET /a", 500, 0.1), Reply("GET /a", 0, 0.1), Reply("GET /a", 200, 5.1)):
        assert not malformed.judged([*good, bad]).is_met


def test_an_audit_that_did_not_look_is_never_a_pass():
    looked = {"dependencies": [{"name": "a", "version": "1", "vulns": []}]}
    skipped = {"dependencies": [{"name": "a", "skip_reason": "not found"}]}
    hole = {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}]}]}

    assert dependencies.judged(json.dumps(looked), "").is_met
    for output in ("", '{"dependencies": []}', json.dumps(skipped), json.dumps(hole)):
        assert not dependencies.judged(output, "no route to the service").is_met


def test_a_walk_that_ended_early_or_left_routes_out_is_never_a_pass():
    def told(**changes):
        return json.dumps({"routes": 93, "asked": 449, "unlisted": 679, "wrong": []} | changes)

    wrong = {"method": "get", "path": "/a", "visitor": "nobody", "status": 200, "expected": "401"}

    assert roles.judged(told(), "").value == "1128_of_1128"
    assert roles.judged(told(), "").is_met
    for output in ("", "Traceback", "{}", told(asked=10), told(unlisted=0), told(wrong=[wrong])):
        assert not roles.judged(output, "port in use").is_met


def test_a_script_that_ran_or_a_control_that_saw_nothing_makes_the_row_short():
    nothing, ran = Seen("/", 0, 0, 0), Seen("control", 26, 0, 26)
    reported = Seen("control", 0, 38, 26)

    def judged(seen, control=ran, control_reports=reported):
        return stored_scripts.judged(seen, control, control_reports, [])

    assert judged([nothing]).is_met
    for bad in (Seen("/", 1, 0, 0), Seen("/", 0, 1, 0), Seen("/", 0, 0, 1)):
        assert not judged([nothing, bad]).is_met
    assert not judged([nothing], control=nothing).is_met
    assert not judged([nothing], control_reports=nothing).is_met


def test_sixty_different_texts_are_put_into_names_as_well():
    assert len(set(hostile_texts())) == stored_scripts.GOAL_PAYLOADS
    assert " ".join(joined(hostile_texts(), 180)) == " ".join(hostile_texts())


def test_a_file_that_others_can_open_is_found_unless_its_folder_is_closed(tmp_path):
    tmp_path.chmod(0o755)
    closed = tmp_path / "closed"
    for folder, mode in ((closed, 0o700), (tmp_path / "open", 0o755)):
        folder.mkdir()
        (folder / "file").write_text("x")
        (folder / "file").chmod(0o644)
        folder.chmod(mode)

    assert {path.name for path in reachable_by_others(tmp_path)} == {tmp_path.name, "open", "file"}
    assert not list(reachable_by_others(closed))


def test_at_least_as_many_ways_out_of_a_folder_are_tried_as_the_design_asks():
    assert len(set(payloads())) >= 200


def test_one_open_door_makes_the_first_run_short():
    assert first_run.judged([], [], []).is_met
    assert not first_run.judged(["0.0.0.0"], [], []).is_met
    assert not first_run.judged([], ["admin:admin"], []).is_met
    assert not first_run.judged([], [], ["/metrics"]).is_met


@pytest.mark.parametrize(
    "worse",
    [{"gap_ms": -6.0}, {"refused_at": None}, {"statuses": frozenset({500})}, {"growth_mib": 201.0}],
)
def test_sign_in_is_short_where_one_figure_is(worse):
    good = sign_in.Observed(0.5, 6, frozenset({401, 429}), 100.0, 9.0)

    assert sign_in.judged(good).is_met
    assert not sign_in.judged(replace(good, **worse)).is_met


def test_no_spreadsheet_computes_what_a_user_wrote_and_numbers_come_back():
    result = spreadsheets.spreadsheets()

    assert result.is_met, result.notes


def test_slow_clients_are_short_where_one_stays_or_is_served():
    head, refused = ["attack", "answer"], ["JSON 10,000 deep", "422"]
    ranges = ["10,000 ranges", "200"]

    assert slow_clients.judged(0, [head, refused, ranges], [0.1]).is_met
    for left, row, health in ((1, refused, 0.1), (0, ["JSON 10,000 deep", "200"], 0.1), (0, refused, 0.6)):
        assert not slow_clients.judged(left, [head, row], [health]).is_met
    assert not slow_clients.judged(0, [head, refused], []).is_met
