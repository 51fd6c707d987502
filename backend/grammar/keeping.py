"""The commands that keep the data of a server: backup and restoration."""

from __future__ import annotations

from pathlib import Path

from muscope.backend.grammar.parser import Commands


def add_keeping_commands(commands: Commands) -> None:
    """Add `muscope backup` and `muscope restore`."""
    backup = commands.add("backup")
    backup.add_argument("file", metavar="FILE", type=Path, help=backup.say("backup.file"))
    restore = commands.add("restore")
    restore.add_argument("file", metavar="FILE", type=Path, help=restore.say("restore.file"))
    restore.add_argument(
        "--into", metavar="FOLDER", type=Path, required=True, help=restore.say("restore.into")
    )
