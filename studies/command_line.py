"""Command line that every study has: rows by name, number of processes."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence


def parser_of(package: str, description: str | None, rows: Iterable[str]) -> argparse.ArgumentParser:
    """Return a parser of `ROW ... --processes N`; a study adds what it has besides."""
    parser = argparse.ArgumentParser(prog=f"python -m {package}", description=description)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"all where none is named: {', '.join(rows)}")
    parser.add_argument("--processes", type=int, default=2, help="processes side by side, a thread each")
    return parser


def parsed(
    parser: argparse.ArgumentParser, rows: Iterable[str], arguments: Sequence[str] | None
) -> argparse.Namespace:
    """Return the arguments, the process's own for None; exits with status 2 where there is no such row."""
    found = parser.parse_args(arguments)
    unknown = [name for name in found.rows if name not in rows]
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)}; rows: {', '.join(rows)}")
    return found
