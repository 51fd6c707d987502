"""Commands `muscope backup` and `muscope restore`: each returns the sentence that it prints."""

from __future__ import annotations

import argparse

from muscope.backend.backup.manifest import Manifest
from muscope.backend.backup.restore import restore
from muscope.backend.backup.save import back_up
from muscope.backend.catalogue import text
from muscope.backend.settings import Settings


def run_backup(settings: Settings, language: str, options: argparse.Namespace) -> str:
    """Write a backup of the data folder to `options.file`."""
    target = options.file.expanduser().absolute()
    manifest = back_up(settings, target)
    return text("backup.written", language, path=str(target), **_facts(manifest))


def run_restore(settings: Settings, language: str, options: argparse.Namespace) -> str:
    """Restore the backup `options.file` into the folder `options.into`."""
    folder = options.into.expanduser().absolute()
    manifest = restore(settings, options.file.expanduser().absolute(), folder)
    day = manifest.created_at.strftime("%Y-%m-%d %H:%M UTC")
    return text("backup.restored", language, path=str(folder), day=day, **_facts(manifest))


def _facts(manifest: Manifest) -> dict[str, int | float]:
    total = sum(entry.num_bytes for entry in manifest.files)
    return {"count": len(manifest.files), "mib": round(total / (1 << 20), 1)}
