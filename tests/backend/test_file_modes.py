"""Files of the service are their owner's alone, in a folder that others may enter too."""

from __future__ import annotations

import os

from muscope.backend import cli
from muscope.backend.settings import get_settings


def test_a_database_in_a_folder_that_others_may_enter_is_closed_to_them(tmp_path, monkeypatch):
    monkeypatch.setenv("MUSCOPE_DATA", str(tmp_path))
    get_settings.cache_clear()
    tmp_path.chmod(0o755)
    before = os.umask(0)
    try:
        assert cli.main(["migrate"]) == 0
        after = os.umask(0)
    finally:
        os.umask(before)
        get_settings.cache_clear()

    modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
    assert "muscope.db" in modes
    assert set(modes.values()) == {0}
    assert after == 0  # the caller's own is given back
