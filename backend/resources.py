"""Folders that are read as files: the page with its texts, the documents, and the migrations.

A checkout has them beside the folder `backend`, an installed wheel beside the package `muscope.backend`: the
same relative place (setup.py). Only this module relies on it.
"""

from __future__ import annotations

from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
FRONTEND = HOME / "frontend"
LOCALES = FRONTEND / "locales"
MIGRATIONS = HOME / "alembic"
DOCS = HOME / "docs"
