"""A data folder that an earlier version wrote, opened by this one: migrated, and everything can be read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from muscope.backend.db.migrate import is_current
from muscope.backend.settings import Settings
from tests.backend.api.conftest import Server, serving

FIXTURE = Path(__file__).parents[2] / "fixtures" / "data_0012.sql"
EXPERIMENT = "274c32c2-152d-4050-9c7d-4dc2c9b66177"
# As the version that wrote the fixture computed it.
EXPORT_SHA256 = "d5a90fc78160ee8bcb2bec4ace5de4e1b36f4f00daf831ff5bc4be7785b742d6"


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("earlier")
    with closing(sqlite3.connect(folder / "muscope.db")) as database:
        database.executescript(FIXTURE.read_text(encoding="utf-8"))
    with serving(Settings(data=folder, database_url=None, broker_url=f"unix://{folder}/no.sock")) as server:
        yield server


@pytest.fixture(scope="module")
def reader(upgraded: Server) -> Iterator[httpx.Client]:
    base = f"http://127.0.0.1:{upgraded.port}/api/v1"
    with httpx.Client(base_url=base, timeout=60) as client:
        yield client


def test_the_database_has_the_schema_of_this_version(upgraded):
    assert is_current(upgraded.runtime.context.database)


def test_the_export_is_the_one_of_the_version_that_wrote_it(reader):
    assert EXPORT_SHA256 in reader.get(f"/experiments/{EXPERIMENT}/export/sha256").text


def test_the_lists_hold_the_experiment_and_its_data(reader):
    (listed,) = reader.get("/experiments").json()["items"]
    (dataset,) = reader.get("/datasets").json()["items"]

    assert (listed["id"], listed["name"], listed["state"]) == (EXPERIMENT, "Sales 売上", "completed")
    assert dataset["name"] == "toys"


def test_its_notes_are_kept(reader):
    assert reader.get(f"/experiments/{EXPERIMENT}").json()["notes"] == "kept by an earlier version"


@pytest.mark.parametrize("part", ["cells", "runs", "runs.csv", "verdict", "verdicts", "savings", "recipe.py"])
def test_every_part_of_it_can_be_read(reader, part):
    reply = reader.get(f"/experiments/{EXPERIMENT}/{part}")

    assert reply.status_code == 200, reply.text
    assert reply.content
