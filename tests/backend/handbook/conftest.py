"""The site, built once from the documents of the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from muscope.backend.handbook.site import build


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handbook") / "site"
    build(folder)
    return folder
