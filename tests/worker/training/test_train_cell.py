import hashlib
import math
from dataclasses import replace

import pytest
from sqlalchemy import delete

from muscope.backend.db import cells, claims, metrics
from muscope.backend.db.claims import Claim, ClaimLost
from muscope.backend.db.machines import calibrations
from muscope.backend.db.schema.tables import CellRow, ExperimentRow, MetricChunkRow
from muscope.backend.domain.cost.calibration import Learned, device_sha256
from muscope.backend.domain.cost.divergence import STEPS_UNTIL_DROPPED
from muscope.backend.domain.spec.experiment import Arm
from muscope.backend.domain.spec.measures import Measure, measured_metrics
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.errors import Unavailable
from muscope.backend.storage.blobs.folder import BlobStore
from muscope.worker.numerics.trainer import DROP_EVERY
from muscope.worker.training.train_cell import train_cell_now
from tests.backend.db.stores import NOW, add_experiment, cell_row, change_cell, take
from tests.backend.domain.specs import spec
from tests.worker.stored_chunks import chunks_of

DIVERGING_LR = 1e4
# One wide µP cell: 12 steps, measured every 5, in windows of 4; the second LR diverges.
OPTIONAL = set(measured_metrics(Measure))
ARMS = (Arm(parametrization=Parametrization.MUP, lrs=(0.1, DIVERGING_LR)),)


@pytest.fixture
def cell_id(stores, dataset_sha256):
    plan = spec(dataset_sha256=dataset_sha256, arms=ARMS, widths=(16,))
    return add_experiment(stores.database, plan)[1][0]


def _chunks(stores):
    with stores.database.read() as session:
        return {
            (row.metric, row.first_step): row.values
            for row in session.query(MetricChunkRow).order_by(MetricChunkRow.first_step)
        }


def test_a_cell_is_trained_from_its_row_to_its_last_chunk(stores, cell_id):
    steps: list[int] = []

    train_cell_now(take(stores.database, cell_id), stores, on_step=steps.append)

    row = cell_row(stores.database, cell_id)
    assert steps == [3, 7, 11, 12]
    assert (row.state, row.committed_step, row.has_nondeterminism) == ("completed", 12, False)
    assert row.environment is not None
    assert row.environment["device"] == "cpu"
    assert [first for metric, first in _chunks(stores) if metric == "train_loss"] == [0, 4, 8, 12]
    assert [first for metric, first in _chunks(stores) if metric == "sharpness"] == [0, 4, 8, 12]
    assert {metric for metric, _ in _chunks(stores)} == set(Metric) - {Metric.VAL_MAE} - OPTIONAL


def test_runs_have_summaries_and_the_diverged_ones_their_step(stores, cell_id):
    train_cell_now(take(stores.database, cell_id), stores, on_step=lambda _: None)

    with stores.database.read() as session:
        runs = cells.runs_of(session, cell_id)
        found = metrics.summaries_of_experiment(session, runs[0].experiment_id)
    losses = {row.position: row for row in found if row.metric == "train_loss"}
    for run in runs:
        summary = losses[run.position]
        assert (summary.num_values, summary.last_step) == (13, 12)
        if run.lr == DIVERGING_LR:
            assert run.diverged_at is not None
            assert run.diverged_at <= 12
            assert (summary.last, summary.num_non_finite > 0) == (None, True)
        else:
            assert run.diverged_at is None
            assert summary.last is not None
            assert math.isfinite(summary.last)
            assert (summary.tail_count, summary.num_non_finite) == (2, 0)


def test_tensors_have_the_constants_of_their_parametrization(stores, cell_id):
    train_cell_now(take(stores.database, cell_id), stores, on_step=lambda _: None)

    with stores.database.read() as session:
        rows = cells.tensors_of(session, cell_id)
    by_role = {row.role: row for row in rows}
    assert len(rows) == 4
    assert {role: (row.forward_mult, row.lr_mult) for role, row in by_role.items()} == {
        "input": (1.0, 2.0),
        "hidden": (1.0, 1.0),
        "output": (0.5, 2.0),
    }
    assert (by_role["input"].num_rows, by_role["input"].num_columns) == (5, 16)
    assert {row.role: row.branch_mult for row in rows} == {
        "input": None,
        "hidden": pytest.approx(2**-0.5),
        "output": None,
    }
    assert {(row.epsilon, row.weight_decay) for row in rows} == {(None, None)}


def test_a_cell_under_adamw_tells_its_epsilon_and_weight_decay(stores, dataset_sha256):
    plan = spec(
        dataset_sha256=dataset_sha256,
        arms=({"parametrization": "completep", "lrs": (0.01,)},),
        widths=(16,),
        base_depth=1,
        optimizer={"kind": "adamw", "weight_decay": 0.1, "epsilon": 1e-6},
    )
    cell_id = add_experiment(stores.database, plan)[1][0]

    train_cell_now(take(stores.database, cell_id), stores, on_step=lambda _: None)

    with stores.database.read() as session:
        (hidden, *_) = [row for row in cells.tensors_of(session, cell_id) if row.role == "hidden"]
    # Twice the base width and depth, α = 1: the branch is halved, ε divided by four.
    assert (hidden.branch_mult, hidden.lr_mult) == (0.5, 0.5)
    assert (hidden.epsilon, hidden.weight_decay) == pytest.approx((0.25e-6, 0.2))
    assert cell_row(stores.database, cell_id).state == "completed"


def test_training_again_under_another_claim_gives_the_same_bytes(stores, cell_id):
    first = take(stores.database, cell_id)

    def stop_after(step):
        if step == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_cell_now(first, stores, on_step=stop_after)
    interrupted = _chunks(stores)
    with stores.database.write() as session:
        claims.release(session, first, now=NOW)
    train_cell_now(take(stores.database, cell_id), stores, on_step=lambda _: None)
    again = _chunks(stores)

    row = cell_row(stores.database, cell_id)
    assert (row.state, row.has_nondeterminism, row.is_mixed_environment) == ("completed", False, False)
    assert interrupted
    assert again | interrupted == again
    assert _digest(again) == _digest(_trained_whole(stores, row.experiment_id))


def _learned(stores, cell_id):
    environment = cell_row(stores.database, cell_id).environment or {}
    with stores.database.read() as session:
        return calibrations.learned_on(session, device_sha256(environment))


def test_a_finished_cell_teaches_what_its_kind_takes_on_this_device(stores, cell_id):
    """A run that diverges is no lesson: planned for runs that all live, half of it whatever they do."""
    change_cell(stores.database, cell_id, predicted_seconds=20.0, correction=2.0, start_share=0.5)
    processor = iter((100.0, 107.0))

    claim = take(stores.database, cell_id)
    train_cell_now(claim, stores, on_step=lambda _: None, processor_seconds=lambda: next(processor))

    with stores.database.read() as session:
        dead = [run.diverged_at for run in cells.runs_of(session, cell_id) if run.diverged_at is not None]
        num_runs = len(cells.runs_of(session, cell_id))
    lived = (num_runs - len(dead) + sum(min(1.0, (at + 10) / 12) for at in dead)) / num_runs
    assert dead
    expected = Learned().with_cell(actual_seconds=7.0, predicted_seconds=10.0 * (0.5 + 0.5 * lived))
    (kind, found), *others = _learned(stores, cell_id).items()
    assert (kind, others) == ("residual_mlp/curvature/to_32", [])
    assert found.log_ratio_sum == pytest.approx(expected.log_ratio_sum)


def test_a_diverged_run_is_dropped_within_the_steps_that_are_reckoned_with():
    assert DROP_EVERY == STEPS_UNTIL_DROPPED


def test_a_cell_that_took_two_attempts_teaches_nothing(stores, cell_id):
    with stores.database.write() as session:
        session.get_one(CellRow, cell_id).fence = 1

    train_cell_now(take(stores.database, cell_id), stores, on_step=lambda _: None)

    assert _learned(stores, cell_id) == {}


def _trained_whole(stores, experiment_id):
    with stores.database.read() as session:
        definition = session.get_one(ExperimentRow, experiment_id).spec
    (cell_id,) = add_experiment(stores.database, definition)[1]
    train_cell_now(take(stores.database, cell_id), stores, on_step=lambda _: None)
    return chunks_of(stores, cell_id)


def _digest(chunks):
    return hashlib.sha256(repr(sorted(chunks.items())).encode()).hexdigest()


class _AwayAtFirst(BlobStore):
    """Folder of blobs that answers like a bucket that is away, for some times."""

    def __init__(self, folder, error, times):
        super().__init__(folder)
        self._error, self.times = error, times

    def path(self, sha256):
        if self.times:
            self.times -= 1
            raise self._error
        return super().path(sha256)


def test_a_cell_waits_for_a_bucket_that_is_away(stores, cell_id, tmp_path):
    error = Unavailable("blobs.unreachable", place="s3://b", reason="refused")
    stores = replace(stores, blobs=_AwayAtFirst(tmp_path / "blobs", error, times=5))
    pauses: list[float] = []

    train_cell_now(take(stores.database, cell_id), stores, on_step=lambda _: None, sleep=pauses.append)

    row = cell_row(stores.database, cell_id)
    assert (row.state, row.failures, len(pauses)) == ("completed", 0, 5)


def test_a_file_that_is_gone_is_not_waited_for(stores, cell_id, tmp_path):
    error = Unavailable("dataset.file_missing", sha256="ab")
    stores = replace(stores, blobs=_AwayAtFirst(tmp_path / "blobs", error, times=1))

    with pytest.raises(Unavailable, match="file_missing"):
        train_cell_now(take(stores.database, cell_id), stores, on_step=lambda _: None)


def test_a_claim_that_is_lost_on_the_way_ends_the_training(stores, cell_id):
    claim = take(stores.database, cell_id)

    def lose(_step):
        with stores.database.write() as session:
            claims.release(session, claim, now=NOW)

    with pytest.raises(ClaimLost):
        train_cell_now(claim, stores, on_step=lose)

    assert cell_row(stores.database, cell_id).committed_step == 3


@pytest.mark.parametrize("last_kept", [3, 11], ids=["in the middle", "before the end"])
def test_steps_that_the_database_lost_are_noticed_and_computed_again(stores, cell_id, last_kept):
    """A server that confirms before it has written loses its latest commits when it is killed."""
    claim = take(stores.database, cell_id)

    def crash(step):
        if step == {3: 7, 11: 12}[last_kept]:
            with stores.database.write() as session:
                session.execute(delete(MetricChunkRow).where(MetricChunkRow.first_step > last_kept))
            change_cell(stores.database, cell_id, committed_step=last_kept)

    with pytest.raises(ClaimLost):
        train_cell_now(claim, stores, on_step=crash)
    assert cell_row(stores.database, cell_id).state == "running"

    with stores.database.write() as session:
        claims.release(session, claim, now=NOW)
    train_cell_now(take(stores.database, cell_id), stores, on_step=lambda _: None)

    row = cell_row(stores.database, cell_id)
    assert (row.state, row.committed_step, row.has_nondeterminism) == ("completed", 12, False)
    assert [first for metric, first in _chunks(stores) if metric == "train_loss"] == [0, 4, 8, 12]


def test_a_cell_that_was_deleted_is_a_lost_claim(stores, cell_id):
    claim = take(stores.database, cell_id)
    with stores.database.write() as session:
        session.delete(cells.get(session, cell_id))

    with pytest.raises(ClaimLost):
        train_cell_now(claim, stores, on_step=lambda _: None)


def test_a_missing_or_damaged_file_is_said_before_anything_is_trained(stores, cell_id):
    claim = take(stores.database, cell_id)
    with stores.database.read() as session:
        experiment = session.get_one(ExperimentRow, cell_row(stores.database, cell_id).experiment_id)
        path = stores.blobs.path(experiment.spec.dataset_sha256)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"?")

    with pytest.raises(Unavailable, match=r"dataset\.file_damaged"):
        train_cell_now(claim, stores, on_step=lambda _: None)
    path.unlink()
    with pytest.raises(Unavailable, match=r"dataset\.file_missing"):
        train_cell_now(Claim(claim.cell_id, claim.fence), stores, on_step=lambda _: None)

    assert cell_row(stores.database, cell_id).committed_step == -1
