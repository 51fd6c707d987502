"""Commands `muscope backup` and `muscope restore`: each returns the sentence that it prints."""

from __future__ import annotations

import argparse

from muscope.backend.backup.manifest import Manifest
from muscope.backend.backup.restore import restore
from muscope.backend.backup.restore_server import restore_to_server
from muscope.backend.backup.save import back_up
from muscope.backend.catalogue import text
from muscope.backend.db.connection.address import database_address
from muscope.backend.settings import Settings


def run_backup(settings: Settings, language: str, options: argparse.Namespace) -> str:
    """Write a backup to `options.file`."""
    target = options.file.expanduser().absolute()
    manifest = back_up(settings, target)
    return text("backup.written", language, path=str(target), **_facts(manifest))


def run_restore(settings: Settings, language: str, options: argparse.Namespace) -> str:
    """Restore the backup `options.file` into the folder `options.into`, or into a server."""
    source = options.file.expanduser().absolute()
    if options.into_server:
        manifest = restore_to_server(settings, source)
        address = database_address(settings).render_as_string(hide_password=True)
        return text("backup.restored_to_server", language, address=address, **_facts(manifest))
    folder = options.into.expanduser().absolute()
    return text("backup.restored", language, path=str(folder), **_facts(restore(settings, source, folder)))


def _facts(manifest: Manifest) -> dict[str, str | int | float]:
    total = sum(entry.num_bytes for entry in manifest.files)
    return {
        "count": len(manifest.files),
        "mib": round(total / (1 << 20), 1),
        "day": manifest.created_at.strftime("%Y-%m-%d %H:%M UTC"),
    }
