"""The grammar of the `muscope` command: what it is called with, apart from what it does (`cli.py`).

The documentation's reference is written from it.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def command_parser() -> argparse.ArgumentParser:
    """Return the parser of every subcommand."""
    parser = argparse.ArgumentParser(
        prog="muscope", description="May I reuse the small model's learning rate?"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run everything on this machine: broker, conductor, worker, web")
    run.add_argument("--verbose", action="store_true", help="show the logs of all processes here too")
    commands.add_parser("serve", help="run the web process only")
    commands.add_parser("conductor", help="run the conductor only")
    commands.add_parser("worker", help="run a Celery node on each GPU of this machine, or on the CPU")
    commands.add_parser("migrate", help="bring the database to the newest schema")
    backup = commands.add_parser("backup", help="write all data to one verified file, while everything runs")
    backup.add_argument("file", metavar="FILE", type=Path, help="new file, such as muscope-2026-11-29.backup")
    restore = commands.add_parser("restore", help="restore a backup into an empty folder")
    restore.add_argument("file", metavar="FILE", type=Path, help="file that muscope backup has written")
    restore.add_argument("--into", metavar="FOLDER", type=Path, required=True, help="data folder to fill")
    commands.add_parser("version", help="print the version")
    return parser
