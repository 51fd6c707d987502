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
    commands.add_parser("migrate", help="bring the database to the newest schema")
    commands.add_parser("version", help="print the version")
    _add_judge(commands.add_parser("judge", help="judge a learning-rate sweep that was run elsewhere"))
    return parser


def _add_judge(judge: argparse.ArgumentParser) -> None:
    judge.add_argument("sweep", help="table of runs: CSV, TSV, Parquet, JSON or JSON lines")
    judge.add_argument(
        "--columns",
        default="",
        metavar="ROLE=COLUMN,...",
        help="the column of each role, as size=params,loss=val_loss",
    )
    judge.add_argument("--arm", help="the parametrization or optimizer that decides; else µP's, or the worst")
    judge.add_argument("--axis", help="the only axis to judge, as size, width, batch or tokens")
    judge.add_argument(
        "--law",
        default="1.6,0.0941",
        metavar="E,ALPHA",
        help="assumed law of the loss over compute; none leaves it out",
    )
    judge.add_argument("--initial-loss", type=float, metavar="LOSS", help="loss before training")
    judge.add_argument("--json", action="store_true", help="print the whole answer as JSON")
    judge.add_argument("--runs", metavar="FILE", help="write the next runs as CSV")
    judge.add_argument("--language", choices=("en", "ja"), help="of the text; else the terminal's")
