"""Fixtures of these tests."""

import pytest

from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions


@pytest.fixture
def read(tmp_path):
    """Read a text or bytes as an uploaded file."""

    def reading(content, **options):
        source = tmp_path / "upload"
        source.write_bytes(content.encode() if isinstance(content, str) else content)
        return prepare_file(source, IngestOptions(**options))

    return reading
