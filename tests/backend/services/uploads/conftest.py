"""Fixtures of these tests."""

from __future__ import annotations

import pytest

from muscope.backend.db.schema.tables import PrincipalRow
from tests.backend.services.uploads.uploading import (
    OTHER,
)


@pytest.fixture
def context(context):
    with context.database.write() as session:
        session.add(PrincipalRow(id=OTHER, name=OTHER))
    return context
