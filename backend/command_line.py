"""The grammar of the `muscope` command: what it is called with, apart from what it does (`cli.py`).

The documentation's reference is written from it.
"""

from __future__ import annotations

import argparse

from muscope.backend.command_check import add_check_command


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
    add_check_command(commands.add_parser("check", help="check that a PyTorch model is parametrized right"))
    commands.add_parser("version", help="print the version")
    return parser
