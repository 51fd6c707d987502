"""A part that does its work is told from one that is only there."""

from __future__ import annotations

import os
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from muscope.backend.cli import main
from muscope.backend.db.connection.session import Database
from muscope.backend.errors import Unavailable
from muscope.backend.liveness import note_round, require_alive
from muscope.backend.settings import Settings, get_settings
from tests.backend.db.stores import add_worker


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, database_url=database.url.render_as_string())


def test_a_conductor_is_alive_after_a_round_and_silent_without_one(settings: Settings):
    with pytest.raises(Unavailable, match=r"system\.part_silent.*conductor"):
        require_alive("conductor", settings)

    note_round(settings)
    require_alive("conductor", settings)


def test_a_conductor_whose_last_round_is_long_ago_is_silent(settings: Settings):
    note_round(settings)
    long_ago = time.time() - 600
    os.utime(settings.cache_folder / "conductor-round", (long_ago, long_ago))

    with pytest.raises(Unavailable, match=r"system\.part_silent"):
        require_alive("conductor", settings)


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("name", "seconds_ago", "is_alive"),
    [
        (f"cpu@{socket.gethostname()}", 1, True),
        (f"cpu@{socket.gethostname()}", 600, False),
        (f"cpu@another-{socket.gethostname()}", 1, False),
    ],
)
def test_a_worker_is_alive_by_its_own_fresh_row(
    settings: Settings, database: Database, name: str, seconds_ago: int, is_alive: bool
):
    add_worker(database, name, now=datetime.now(UTC) - timedelta(seconds=seconds_ago))

    if is_alive:
        require_alive("worker", settings)
    else:
        with pytest.raises(Unavailable, match=r"system\.part_silent.*worker"):
            require_alive("worker", settings)


def test_the_command_says_so_by_its_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("MUSCOPE_DATA", str(tmp_path))
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    get_settings.cache_clear()

    assert main(["alive", "conductor"]) == 2
    assert "No conductor on this host has shown life" in capsys.readouterr().err
    note_round(get_settings())
    assert main(["alive", "conductor"]) == 0
    get_settings.cache_clear()
