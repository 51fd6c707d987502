"""Fixtures of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.backend.api.conftest import Server
from tests.backend.api.uploads.pieces import ROUTE, TUS


@pytest.fixture(autouse=True)
def nothing_is_left(client: httpx.Client, server: Server) -> Iterator[None]:
    """Fail when a test leaves a file of an upload that no upload explains."""
    yield
    for open_one in client.get(ROUTE).json():
        client.delete(f"{ROUTE}/{open_one['id']}", headers=TUS)
    folder = server.settings.upload_folder
    assert (list(folder.iterdir()) if folder.is_dir() else []) == []
    assert server.scratch == []
