"""The grammar of the `muscope` command: what it is called with, apart from what it does (`cli.py`).

The documentation's reference is written from it.
"""

from __future__ import annotations

import argparse


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
    alive = commands.add_parser("alive", help="tell whether a part of this host does its work")
    alive.add_argument("part", choices=("conductor", "worker"))
    commands.add_parser("migrate", help="bring the database to the newest schema")
    commands.add_parser("version", help="print the version")
    return parser
