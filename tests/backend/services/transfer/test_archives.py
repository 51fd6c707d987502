"""An experiment as one file: out, in, the same fingerprint; a hostile file leaves nothing behind."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from muscope.backend.arrays import write_arrays
from muscope.backend.db.schema.tables import CellRow, DatasetRow, ExperimentRow
from muscope.backend.errors import Conflict, InvalidInput, MuscopeError, TooLarge
from muscope.backend.services.experiments.export import export_sha256, sha256_of
from muscope.backend.services.experiments.store import delete_experiment
from muscope.backend.services.transfer import receiving
from muscope.backend.services.transfer.receiving import import_experiment
from muscope.backend.services.transfer.sending import write_experiment
from tests.backend.db.stores import add_experiment, change_cell
from tests.backend.services.recorded import record

OWNER = "local"
Parts = dict[str, bytes]


@pytest.fixture
def experiment_id(context, database, tmp_path):
    """Return an experiment that has ended, on data whose arrays are stored."""
    write_arrays(tmp_path / "arrays", {"x": np.arange(6, dtype=np.float32)}, {"rows": 6})
    arrays = context.blobs.put(tmp_path / "arrays")
    experiment_id, cell_ids = add_experiment(database)
    for cell_id in cell_ids:
        record(database, cell_id)
        change_cell(database, cell_id, state="completed")
    with database.write() as session:
        experiment = session.get_one(ExperimentRow, experiment_id)
        experiment.state = "completed"
        dataset = session.get_one(DatasetRow, experiment.dataset_id)
        dataset.arrays_sha256, dataset.arrays_bytes = arrays.sha256, arrays.size
        dataset.source_sha256 = None
    return experiment_id


@pytest.fixture
def file(context, experiment_id, tmp_path) -> Path:
    return write_experiment(context, OWNER, experiment_id, tmp_path)[1]


def rewritten(file: Path, change: Callable[[Parts], object], *, is_signed: bool = True) -> Path:
    """Return a copy with changed parts, whose checksums are put right unless a test is about them."""
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    if is_signed:
        manifest = json.loads(parts["manifest.json"])
        for part in manifest["parts"]:
            content = parts.get(part["name"], b"")
            part |= {"num_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        parts["manifest.json"] = json.dumps(manifest).encode()
    target = file.with_name("changed.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target


def in_rows(change: Callable[[dict[str, list[dict[str, Any]]]], object]) -> Callable[[Parts], None]:
    def apply(parts: Parts) -> None:
        rows = json.loads(parts["rows.json"])
        change(rows)
        parts["rows.json"] = json.dumps(rows).encode()

    return apply


def counts(database) -> tuple[int, int, int]:
    with database.read() as session:
        return tuple(session.query(table).count() for table in (DatasetRow, ExperimentRow, CellRow))


def test_the_copy_has_the_fingerprint_of_the_original(context, experiment_id, file):
    created = import_experiment(context, OWNER, file)
    again = import_experiment(context, OWNER, file)

    copy = created.experiment.id
    assert (created.is_new, again.is_new) == (True, False)
    assert copy != experiment_id
    assert export_sha256(context, OWNER, copy) == export_sha256(context, OWNER, experiment_id)


def test_others_write_while_a_file_is_checked(context, database, file, monkeypatch):
    def while_another_writes(session, experiment):
        with database.write() as other:
            assert (
                other.query(ExperimentRow).count() == 1
            )  # nothing of the copy is stored before it is checked
        return sha256_of(session, experiment)

    monkeypatch.setattr(receiving, "sha256_of", while_another_writes)

    assert import_experiment(context, OWNER, file).is_new


def test_data_that_are_not_here_come_from_the_file(context, database, experiment_id, file):
    with database.write() as session:
        dataset = session.get_one(ExperimentRow, experiment_id).dataset_id
        sha256 = session.get_one(DatasetRow, dataset).arrays_sha256
    delete_experiment(context, OWNER, experiment_id)
    with database.write() as session:
        session.delete(session.get_one(DatasetRow, dataset))
    context.blobs.delete(sha256)

    created = import_experiment(context, OWNER, file)

    assert context.blobs.exists(sha256)
    assert created.experiment.dataset_id != dataset


def test_equal_experiments_give_equal_files(context, experiment_id, file, tmp_path):
    other = tmp_path / "other"
    other.mkdir()

    assert write_experiment(context, OWNER, experiment_id, other)[1].read_bytes() == file.read_bytes()


def test_without_its_data_the_experiment_needs_them_here(context, database, experiment_id, tmp_path):
    path = write_experiment(context, OWNER, experiment_id, tmp_path, with_data=False)[1]
    with database.write() as session:
        dataset = session.get_one(DatasetRow, session.get_one(ExperimentRow, experiment_id).dataset_id)
        known, dataset.arrays_sha256 = dataset.arrays_sha256, "0" * 64

    with pytest.raises(Conflict) as refused:
        import_experiment(context, OWNER, path)

    assert (refused.value.code, refused.value.params["sha256"]) == ("archive.no_data", known)


def test_an_experiment_that_goes_on_is_not_given_away(context, database, tmp_path):
    with pytest.raises(Conflict, match=r"archive\.still_open"):
        write_experiment(context, OWNER, add_experiment(database)[0], tmp_path)


def set_state(rows: dict[str, list[dict[str, Any]]]) -> None:
    rows["experiment"][0]["state"] = "running"


def set_column(table: str, name: str, value: object) -> Callable[[dict[str, list[dict[str, Any]]]], None]:
    return lambda rows: rows[table][0].update({name: value})


HOSTILE: dict[str, tuple[Callable[[Parts], object], str]] = {
    "a part outside the list": (lambda p: p.update({"../evil": b"x"}), "archive.other_files"),
    "an absolute name": (lambda p: p.update({"/etc/passwd": b"x"}), "archive.other_files"),
    "no rows": (lambda p: p.pop("rows.json"), "archive.other_files"),
    "rows that are no JSON": (lambda p: p.update({"rows.json": b"{"}), "archive.damaged"),
    "rows that are a list": (lambda p: p.update({"rows.json": b"[]"}), "archive.damaged"),
    "a manifest of another kind": (lambda p: p.update({"manifest.json": b'{"parts":[]}'}), "archive.damaged"),
    "an experiment to be trained": (in_rows(set_state), "archive.not_ended"),
    "two experiments": (in_rows(lambda r: r["experiment"].append(r["experiment"][0])), "archive.damaged"),
    "an unknown column": (in_rows(set_column("cell", "evil", 1)), "archive.damaged"),
    "a text in place of a number": (in_rows(set_column("run", "position", "x")), "archive.damaged"),
    "a run of another cell": (in_rows(set_column("run", "cell_id", "x")), "archive.damaged"),
    "a spec that is none": (in_rows(set_column("experiment", "spec", {})), "archive.damaged"),
    "values of another size": (in_rows(set_column("metric_chunk", "values", "AAAA")), "archive.damaged"),
    "no cells": (in_rows(lambda r: r.pop("cell")), "archive.damaged"),
    "other values": (in_rows(lambda r: r["metric_chunk"].pop()), "archive.other_export"),
}  # fmt: skip


def refusal(context, path: Path) -> str:
    with pytest.raises(InvalidInput) as refused:
        import_experiment(context, OWNER, path)
    return refused.value.code


def test_a_hostile_file_is_refused_and_nothing_is_kept(context, database, file):
    before = counts(database)

    refused = {name: refusal(context, rewritten(file, change)) for name, (change, _) in HOSTILE.items()}

    assert refused == {name: code for name, (_, code) in HOSTILE.items()}
    assert counts(database) == before


def test_a_wrong_checksum_is_refused(context, file):
    changed = rewritten(file, in_rows(set_column("experiment", "notes", "other")), is_signed=False)

    with pytest.raises(InvalidInput, match=r"archive\.damaged"):
        import_experiment(context, OWNER, changed)


def test_a_part_that_unpacks_beyond_the_limit_is_refused(context, file):
    def swell(parts: Parts) -> None:
        manifest = json.loads(parts["manifest.json"])
        next(p for p in manifest["parts"] if p["name"] == "rows.json")["num_bytes"] = 1 << 40
        parts["manifest.json"] = json.dumps(manifest).encode()

    with pytest.raises(TooLarge, match=r"archive\.part_too_large"):
        import_experiment(context, OWNER, rewritten(file, swell, is_signed=False))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not really", b"\x00" * 100])
def test_what_is_no_archive_is_named(context, tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)

    with pytest.raises(MuscopeError, match=r"archive\.no_archive"):
        import_experiment(context, OWNER, path)
