"""Kills in the middle of a cell, and what the next attempt makes of the checkpoint that is left."""

import shutil
from dataclasses import replace

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from sqlalchemy import delete, select

from muscope.backend.db import claims
from muscope.backend.db.claims import ClaimLost
from muscope.backend.db.schema.tables import CellRow, CheckpointRow, MetricChunkRow
from muscope.backend.domain.spec.experiment import Arm
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.errors import StorageFull
from muscope.backend.services.conduct.checkpoints import sweep_checkpoints
from muscope.backend.storage.blobs.cache import BlobCache
from muscope.backend.storage.blobs.folder import BlobStore
from muscope.backend.storage.blobs.remote import RemoteBlobs
from muscope.worker.training import checkpoints, train_cell
from muscope.worker.training.checkpoints import CheckpointRules
from muscope.worker.training.train_cell import Stores, train_cell_now
from tests.backend.db.stores import NOW, add_experiment, cell_row, change_cell, take
from tests.backend.domain.specs import spec
from tests.backend.services.fakes import FakeNotices
from tests.crashes import CrashingDatabase, Failpoints, Killed
from tests.worker.stored_chunks import chunks_of

# 12 steps in windows that end at 3, 7, 11 and 12; the second LR diverges.
ARMS = (Arm(parametrization=Parametrization.MUP, lrs=(0.1, 1e4)),)
MIB = 1 << 20


@pytest.fixture
def rules(tmp_path):
    return CheckpointRules(tmp_path / "cache", 0.0, MIB, lambda: 0.0)


@pytest.fixture
def stores(database, tmp_path, rules):
    train_cell._cached_data.cache_clear()
    return Stores(database, BlobStore(tmp_path / "blobs"), FakeNotices(), checkpoint_rules=rules)


@pytest.fixture
def plan(dataset_sha256):
    return spec(dataset_sha256=dataset_sha256, arms=ARMS, widths=(16,))


@pytest.fixture
def cell_id(stores, plan):
    return add_experiment(stores.database, plan)[1][0]


def _rows(stores):
    with stores.database.read() as session:
        return list(session.scalars(select(CheckpointRow)))


def _kill_after(stores, cell_id, last_step):
    """Train until a window is stored, die there, and give the cell back as its lease would."""
    claim = take(stores.database, cell_id)

    def die(step):
        if step == last_step:
            raise Killed

    with pytest.raises(Killed):
        train_cell_now(claim, stores, on_step=die)
    with stores.database.write() as session:
        claims.release(session, claim, now=NOW)


def _train(stores, cell_id):
    steps: list[int] = []
    train_cell_now(take(stores.database, cell_id), stores, on_step=steps.append)
    return steps


def _undisturbed(stores, plan):
    other = add_experiment(stores.database, plan)[1][0]
    _train(replace(stores, checkpoint_rules=None), other)
    return chunks_of(stores, other)


@pytest.mark.parametrize(("killed_after", "trained_again"), [(7, [7, 11, 12]), (11, [11, 12])])
def test_a_killed_cell_goes_on_from_its_checkpoint_with_equal_bytes(
    stores, cell_id, plan, killed_after, trained_again
):
    _kill_after(stores, cell_id, killed_after)

    assert _train(stores, cell_id) == trained_again

    row = cell_row(stores.database, cell_id)
    assert (row.state, row.committed_step, row.has_nondeterminism) == ("completed", 12, False)
    assert chunks_of(stores, cell_id) == _undisturbed(stores, plan)


def test_a_checkpoint_beyond_the_steps_that_are_stored_is_not_gone_on_from(stores, cell_id, plan):
    _kill_after(stores, cell_id, 7)
    with stores.database.write() as session:
        session.execute(delete(MetricChunkRow))
    change_cell(stores.database, cell_id, committed_step=-1)  # the database was put back to an older state

    assert _train(stores, cell_id) == [3, 7, 11, 12]

    assert cell_row(stores.database, cell_id).state == "completed"
    assert chunks_of(stores, cell_id) == _undisturbed(stores, plan)


def _on_host(stores, name, tmp_path, dataset_sha256):
    """Return the stores of a host of its own: one bucket and one database for all, no disk in common."""
    blobs = RemoteBlobs(MemoryFileSystem(), f"/{tmp_path.name}", BlobCache(tmp_path / name, 64 * MIB))
    shutil.copy(stores.blobs.path(dataset_sha256), tmp_path / "copy")
    blobs.put(tmp_path / "copy")
    train_cell._cached_data.cache_clear()
    rules = CheckpointRules(tmp_path / name / "states", 0.0, MIB, lambda: 0.0)
    return replace(stores, blobs=blobs, checkpoint_rules=rules)


@pytest.mark.both_databases
def test_another_host_without_that_disk_goes_on_with_equal_bytes(
    stores, cell_id, plan, tmp_path, dataset_sha256
):
    _kill_after(_on_host(stores, "first", tmp_path, dataset_sha256), cell_id, 7)
    shutil.rmtree(tmp_path / "first")
    second = _on_host(stores, "second", tmp_path, dataset_sha256)

    assert _train(second, cell_id) == [7, 11, 12]

    assert cell_row(stores.database, cell_id).state == "completed"
    assert chunks_of(stores, cell_id) == _undisturbed(stores, plan)


def test_a_damaged_checkpoint_is_named_and_trained_past(stores, cell_id, plan, caplog):
    _kill_after(stores, cell_id, 7)
    path = stores.blobs.path(_rows(stores)[0].sha256)
    whole = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))

    assert _train(stores, cell_id) == [3, 7, 11, 12]

    assert "cannot be used: its bytes are not those that were stored" in caplog.text
    assert chunks_of(stores, cell_id) == _undisturbed(stores, plan)


@pytest.mark.parametrize("missing", ["blob", "completion"])
def test_a_checkpoint_whose_process_died_while_it_was_stored_is_trained_past(stores, cell_id, missing):
    _kill_after(stores, cell_id, 7)
    if missing == "blob":
        stores.blobs.delete(_rows(stores)[0].sha256)
    else:
        with stores.database.write() as session:
            session.scalars(select(CheckpointRow)).one().is_complete = False

    assert _train(stores, cell_id) == [3, 7, 11, 12]


def test_a_checkpoint_of_another_environment_is_not_gone_on_from(stores, cell_id, monkeypatch, caplog):
    _kill_after(stores, cell_id, 7)
    monkeypatch.setattr(train_cell, "environment_fingerprint", lambda: {"device": "another"})

    assert _train(stores, cell_id) == [3, 7, 11, 12]

    assert "another device" in caplog.text


def test_a_cell_keeps_one_checkpoint_and_its_end_removes_it(stores, cell_id):
    _kill_after(stores, cell_id, 11)
    kept = [row.sha256 for row in _rows(stores)]
    sweep_checkpoints(stores.database, stores.blobs)
    while_open = [row.sha256 for row in _rows(stores)]
    change_cell(stores.database, cell_id, state="cancelled")
    sweep_checkpoints(stores.database, stores.blobs)

    assert len(kept) == 1
    assert while_open == kept
    assert _rows(stores) == []
    assert not stores.blobs.exists(kept[0])


def test_the_checkpoint_of_a_deleted_cell_is_removed_too(stores, cell_id):
    _kill_after(stores, cell_id, 7)
    kept = _rows(stores)[0].sha256
    with stores.database.write() as session:
        session.delete(session.get_one(CellRow, cell_id))

    sweep_checkpoints(stores.database, stores.blobs)

    assert (_rows(stores), stores.blobs.exists(kept)) == ([], False)


def test_equal_cells_have_checkpoints_of_their_own(stores, cell_id, plan):
    other = add_experiment(stores.database, plan)[1][0]
    _kill_after(stores, cell_id, 7)
    _kill_after(stores, other, 7)

    assert len({row.sha256 for row in _rows(stores)}) == 2


def test_a_short_cell_takes_no_checkpoint(stores, cell_id, rules):
    _train(replace(stores, checkpoint_rules=replace(rules, every_seconds=60.0)), cell_id)

    assert _rows(stores) == []


def test_a_state_above_the_bound_is_not_stored_and_the_cell_completes(stores, cell_id, rules, caplog):
    _train(replace(stores, checkpoint_rules=replace(rules, most_bytes=100)), cell_id)

    assert "at most 100" in caplog.text
    assert _rows(stores) == []
    assert cell_row(stores.database, cell_id).state == "completed"


def test_a_full_disk_costs_no_more_than_the_checkpoint(stores, cell_id, monkeypatch, caplog):
    def full(*_):
        raise StorageFull("storage.full", size=1)

    monkeypatch.setattr(BlobStore, "put", full)
    _train(stores, cell_id)

    assert "no checkpoint" in caplog.text
    assert cell_row(stores.database, cell_id).state == "completed"


def test_a_worker_that_lost_its_cell_leaves_no_blob(stores, cell_id, monkeypatch):
    claim = take(stores.database, cell_id)
    stored = []

    def put_and_lose(self, path, put=BlobStore.put):
        stored.append(put(self, path).sha256)
        with stores.database.write() as session:
            claims.release(session, claim, now=NOW)

    monkeypatch.setattr(BlobStore, "put", put_and_lose)
    with pytest.raises(ClaimLost):
        train_cell_now(claim, stores, on_step=lambda _: None)

    assert len(stored) == 1
    assert not stores.blobs.exists(stored[0])


def test_a_state_that_takes_long_to_store_is_stored_less_often(stores, cell_id, rules):
    times = iter(range(0, 10_000, 100))
    slow = replace(rules, every_seconds=1.0, monotonic=lambda: float(next(times)))
    _kill_after(replace(stores, checkpoint_rules=slow), cell_id, 11)

    # The first save took 100 s of that clock, so the next is due 2,000 s later.
    assert [row.step for row in _rows(stores)] == [4]
    assert checkpoints.MOST_SHARE == 0.05


def _without_curvature(stores, plan):
    cell_id = add_experiment(stores.database, plan)[1][0]
    change_cell(stores.database, cell_id, has_curvature=False)
    return cell_id


def test_a_crash_at_every_transaction_leaves_a_cell_that_ends_with_equal_bytes(stores, plan):
    whole = _without_curvature(stores, plan)
    points = Failpoints()
    counting = replace(stores, database=CrashingDatabase(stores.database, points))
    train_cell_now(take(stores.database, whole), counting, on_step=lambda _: None)
    expected = chunks_of(stores, whole)

    for at in range(points.count):
        cell_id = _without_curvature(stores, plan)
        claim = take(stores.database, cell_id)
        crashing = replace(stores, database=CrashingDatabase(stores.database, Failpoints(at)))
        with pytest.raises(Killed):
            train_cell_now(claim, crashing, on_step=lambda _: None)
        if cell_row(stores.database, cell_id).state == "running":
            with stores.database.write() as session:
                claims.release(session, claim, now=NOW)
            _train(stores, cell_id)

        row = cell_row(stores.database, cell_id)
        assert (row.state, row.has_nondeterminism) == ("completed", False), at
        assert chunks_of(stores, cell_id) == expected, at

    assert points.count >= 24
    sweep_checkpoints(stores.database, stores.blobs)
    assert _rows(stores) == []
