"""A staged experiment as the conductor takes it from stage to stage."""

from unittest.mock import Mock
from uuid import UUID

import pytest

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import claims
from muscope.backend.db import verdicts as verdict_rows
from muscope.backend.db.schema.tables import LOCAL_OWNER, ExperimentRow
from muscope.backend.domain.spec.experiment import Protocol
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import RULE_VERSION
from muscope.backend.services.conduct.advance import LastSnapshots, Snapshot, advance_experiments
from muscope.backend.services.conduct.rounds import settle_cancellations
from muscope.backend.services.evidence.protocol_evidence import protocol_evidence
from muscope.backend.services.experiments.store import get_experiment
from tests.backend.db.stores import NOW, add_experiment, cell_row, change_cell
from tests.backend.domain.specs import spec
from tests.backend.services.judged import WIDE, finish
from tests.backend.services.two_conductors import advance_twice_at_once

pytestmark = pytest.mark.slow

STAGED = spec(**WIDE.model_dump() | {"protocol": Protocol.STAGED})


@pytest.fixture
def started(context, database):
    """Store a staged experiment as its first stage leaves it: the bases are queued."""

    def start(asked=STAGED):
        experiment_id, _ = add_experiment(database, asked)
        with database.write() as session:
            for row in cell_rows.of_experiment(session, experiment_id):
                session.delete(row)
        advance_experiments(context)
        return experiment_id

    return start


def _cells(database, experiment_id, **wanted):
    with database.read() as session:
        return [
            row
            for row in cell_rows.of_experiment(session, experiment_id)
            if all(getattr(row, name) == value for name, value in wanted.items())
        ]


def _finish(database, cells, **how):
    for cell in cells:
        finish(database, cell.id, **how)


def _experiment(database, experiment_id):
    with database.read() as session:
        return session.get_one(ExperimentRow, experiment_id)


def _run(context, database, experiment_id, **how):
    """Finish whatever is queued and advance until the experiment is closed; return the number of rounds."""
    rounds = 0
    while _experiment(database, experiment_id).finished_at is None:
        _finish(database, _cells(database, experiment_id, state="queued"), **how)
        advance_experiments(context)
        rounds += 1
        assert rounds < 50
    return rounds


def test_a_staged_experiment_goes_from_the_base_to_a_verdict_with_a_part_of_the_grid(
    context, database, started
):
    experiment_id = started()
    assert {(cell.width, cell.num_runs) for cell in _cells(database, experiment_id)} == {(8, 21)}

    _run(context, database, experiment_id)

    experiment = _experiment(database, experiment_id)
    with database.read() as session:
        verdict = verdict_rows.find(session, experiment_id, Scenario.AS_GIVEN, RULE_VERSION, look=0)
    num_runs = sum(cell.num_runs for cell in _cells(database, experiment_id))
    assert (experiment.state, experiment.stop_reason) == ("completed", None)
    assert verdict is not None
    assert {size.width for size in verdict.arm.sizes} == {16, 32, 64}
    assert num_runs < 0.6 * STAGED.num_runs()


def test_an_arm_goes_on_while_the_other_still_trains(context, database, started):
    experiment_id = started()
    _finish(database, _cells(database, experiment_id, parametrization="mup"))

    advance_experiments(context)

    assert {cell.width for cell in _cells(database, experiment_id, parametrization="mup")} == {8, 16}
    assert {cell.width for cell in _cells(database, experiment_id, parametrization="ntp")} == {8}
    advance_experiments(context)
    assert len(_cells(database, experiment_id)) == 4


def test_at_a_larger_size_curvature_is_measured_at_one_lr_only(context, database, started):
    experiment_id = started()
    _finish(database, _cells(database, experiment_id))

    advance_experiments(context)

    cells = _cells(database, experiment_id, parametrization="mup", width=16)
    assert [(cell.has_curvature, cell.num_runs) for cell in cells] == [(True, 3), (False, 6)]


def _failing_at(width):
    return {"diverges": lambda cell, _run: cell.width == width and cell.parametrization == "mup"}


def test_cells_that_cannot_change_the_answer_are_skipped_and_no_worker_gets_them(
    context, database, started, notices
):
    experiment_id = started()
    _finish(database, _cells(database, experiment_id))
    advance_experiments(context)
    _finish(database, _cells(database, experiment_id, parametrization="mup", width=16), **_failing_at(16))
    (of_control,) = _cells(database, experiment_id, state="queued")
    assert of_control.parametrization == "ntp"
    notices.published.clear()

    advance_experiments(context)

    assert cell_row(database, of_control.id).state == "skipped"
    assert len(notices.published) == 1
    with database.write() as session:
        assert claims.claim(session, of_control.id, owner="late", now=NOW) is None
    advance_experiments(context)
    experiment = _experiment(database, experiment_id)
    assert (experiment.state, experiment.stop_reason) == ("completed", "settled")
    view = get_experiment(context, LOCAL_OWNER, experiment_id)
    not_skipped = [cell.num_runs for cell in _cells(database, experiment_id) if cell.state != "skipped"]
    assert (view.stop_reason, view.num_runs) == ("settled", sum(not_skipped))
    with database.read() as session:
        verdict = verdict_rows.find(session, experiment_id, Scenario.AS_GIVEN, RULE_VERSION, look=0)
    assert verdict is not None
    assert verdict.outcome == "does_not_transfer"


def test_a_cell_that_a_worker_took_meanwhile_is_not_skipped(context, database, started):
    experiment_id = started()
    _finish(database, _cells(database, experiment_id))
    advance_experiments(context)
    _finish(database, _cells(database, experiment_id, parametrization="mup", width=16), **_failing_at(16))
    (of_control,) = _cells(database, experiment_id, state="queued")
    change_cell(database, of_control.id, state="running")

    advance_experiments(context)

    assert cell_row(database, of_control.id).state == "running"
    assert _experiment(database, experiment_id).finished_at is None
    finish(database, of_control.id)
    advance_experiments(context)
    assert _experiment(database, experiment_id).stop_reason == "settled"


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("failed", "inconclusive"),
        ("cancelled", "inconclusive"),
        # What the protocol skipped is not missing, and a smaller size decides only where it fails.
        ("skipped", "transfers"),
    ],
)
def test_holes_at_a_size_end_in_a_verdict_and_not_in_a_loop(context, database, started, state, outcome):
    experiment_id = started()
    _finish(database, _cells(database, experiment_id))
    advance_experiments(context)
    for cell in _cells(database, experiment_id, width=16, has_curvature=False):
        change_cell(database, cell.id, state=state)

    _run(context, database, experiment_id)

    assert _experiment(database, experiment_id).state == "completed"
    assert {cell.width for cell in _cells(database, experiment_id, parametrization="mup")} == {8, 16, 32, 64}
    with database.read() as session:
        verdict = verdict_rows.find(session, experiment_id, Scenario.AS_GIVEN, RULE_VERSION, look=0)
    assert verdict is not None
    assert verdict.outcome == outcome


def test_an_experiment_of_which_every_cell_fails_ends_as_failed(context, database, started):
    experiment_id = started()
    for cell in _cells(database, experiment_id):
        change_cell(database, cell.id, state="failed")

    advance_experiments(context)

    assert _experiment(database, experiment_id).state == "failed"


def test_all_runs_diverged_end_in_a_verdict_that_says_nothing_was_learned(context, database, started):
    experiment_id = started()

    rounds = _run(context, database, experiment_id, diverges=lambda _cell, _run: True)

    assert rounds == 1
    with database.read() as session:
        verdict = verdict_rows.find(session, experiment_id, Scenario.AS_GIVEN, RULE_VERSION, look=0)
    assert verdict is not None
    assert (verdict.outcome, verdict.rule) == ("inconclusive", "nothing_learned")


def test_a_base_at_the_edge_of_the_whole_grid_ends_it_and_the_verdict_says_so(context, database, started):
    lrs = (2.0**-6, 2.0**-5, 2.0**-4)  # the optimum is at 2^-2.9
    asked = spec(**STAGED.model_dump() | {"arms": [{"parametrization": "mup", "lrs": lrs}]})
    experiment_id = started(asked)

    _run(context, database, experiment_id)

    experiment = _experiment(database, experiment_id)
    with database.read() as session:
        verdict = verdict_rows.find(session, experiment_id, Scenario.AS_GIVEN, RULE_VERSION, look=0)
    assert verdict is not None
    assert (experiment.stop_reason, verdict.outcome, verdict.rule) == (
        "settled",
        "inconclusive",
        "base_at_edge",
    )
    assert {cell.width for cell in _cells(database, experiment_id)} == {8}
    codes = [why.code for why in verdict.reasons]
    assert "optimum_at_upper_edge" in codes
    absent = {
        why.params["width"]: why.params["minutes"]
        for why in verdict.reasons
        if why.code == "size_not_run_takes"
    }
    assert sorted(absent) == [width for width in asked.widths if width > 8]
    assert all(float(minutes) > 0 for minutes in absent.values())
    [together] = [why.params["minutes"] for why in verdict.reasons if why.code == "adding_takes"]
    assert float(together) > sum(map(float, absent.values()))  # an octave more at the base comes on top


@pytest.mark.parametrize(
    "changes",
    [
        {"seeds": (0, 1)},
        {"widths": (8,)},
        {"arms": [{"parametrization": "mup", "lrs": (0.1, 0.2, 0.4)}]},
        {"arms": [{"parametrization": "sp", "lrs": (0.1,)}]},
        {"thresholds": Thresholds(min_seeds=9)},
    ],
    ids=["two seeds", "one width", "three LRs", "one LR", "more seeds needed than there are"],
)
def test_a_grid_that_is_too_small_ends_in_a_verdict_and_never_in_transfers(
    context, database, started, changes
):
    experiment_id = started(spec(**STAGED.model_dump() | changes))

    _run(context, database, experiment_id)

    with database.read() as session:
        verdict = verdict_rows.find(session, experiment_id, Scenario.AS_GIVEN, RULE_VERSION, look=0)
    assert verdict is not None
    assert verdict.outcome == "inconclusive"
    assert verdict.reasons


def test_a_longer_horizon_is_probed_after_the_base_of_the_full_grid(context, database):
    longer = Scenario("horizon:2")
    asked = spec(**WIDE.model_dump() | {"scenarios": (Scenario.AS_GIVEN, longer)})
    experiment_id, _ = add_experiment(database, asked)
    with database.write() as session:
        for row in cell_rows.of_experiment(session, experiment_id):
            if row.scenario == longer:
                session.delete(row)
    _finish(database, _cells(database, experiment_id, parametrization="mup", width=8))

    advance_experiments(context)

    (probe,) = _cells(database, experiment_id, scenario=longer)
    assert (probe.width, probe.num_runs, probe.has_curvature) == (8, 9, False)


@pytest.mark.both_databases
def test_two_conductors_plan_a_stage_once(context, database, started):
    experiment_id = started()
    _finish(database, _cells(database, experiment_id))
    assert advance_twice_at_once(context) == []

    with database.read() as session:
        runs = cell_rows.runs_of_experiment(session, experiment_id)
    cells = _cells(database, experiment_id)
    assert sum(cell.num_runs for cell in cells) == len(runs) == 42 + 9 + 9
    assert all(cell.state in ("completed", "queued") for cell in cells)


def test_statistics_are_looked_at_again_only_when_a_cell_has_ended(context, database, started, monkeypatch):
    experiment_id = started()
    looks = []

    def counted(evidence, **options):
        looks.append(evidence.experiment.id)
        return protocol_evidence(evidence, **options)

    monkeypatch.setattr("muscope.backend.services.plans.draft.protocol_evidence", counted)
    last = LastSnapshots()
    for _ in range(3):
        advance_experiments(context, last)
    assert len(looks) == 1
    (first, _) = _cells(database, experiment_id)
    finish(database, first.id)
    for _ in range(3):
        advance_experiments(context, last)

    assert len(looks) == 2


def test_a_round_that_has_to_wait_takes_no_write_lock(context, database, started, monkeypatch):
    experiment_id = started()
    write = Mock(side_effect=database.write)
    monkeypatch.setattr(database, "write", write)

    advance_experiments(context)
    settle_cancellations(context)
    write.assert_not_called()

    monkeypatch.undo()
    _finish(database, _cells(database, experiment_id))
    advance_experiments(context)
    assert len(_cells(database, experiment_id, state="queued")) > 0


def test_an_experiment_with_nothing_open_is_always_due():
    last, ended = LastSnapshots(), Snapshot(frozenset(), frozenset())
    last.note(UUID(int=1), ended)

    assert last.is_due(UUID(int=1), ended)
