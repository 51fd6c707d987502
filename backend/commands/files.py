"""Commands that save a file: the report for the meeting, the recipe of a size, all that was measured."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from muscope.backend.client import Client
from muscope.backend.commands.output import print_json
from muscope.backend.errors import InvalidInput, NotFound

STDOUT = "-"


def report(options: Namespace, client: Client) -> int:
    """Save the report; one whose name ends in `.pdf` is a PDF."""
    path = options.output or f"muscope-{options.id}.html"
    kind = "pdf" if path.lower().endswith(".pdf") else "html"
    return save(options, path, client.report(options.id, "pdf" if kind == "pdf" else "html"))


def export(options: Namespace, client: Client) -> int:
    """Save the canonical export, every point as a table, or the experiment as one file for another server."""
    if options.points:
        path = options.output or f"muscope-{options.id}-points.{options.points}"
        return save(options, path, client.points(options.id, options.points))
    if options.archive:
        path = options.output or f"muscope-{options.id}.zip"
        return save(options, path, client.archive(options.id, data=not options.without_data))
    return save(options, options.output or f"muscope-{options.id}.tsv", client.export(options.id))


def import_file(options: Namespace, client: Client) -> int:
    """Take in an experiment from a file, and print its id."""
    path = Path(options.file)
    if not path.is_file():
        raise NotFound("archive.no_file", path=str(path))
    experiment = client.import_archive(path.read_bytes())
    if options.json:
        print_json({"id": experiment.id, "name": experiment.name})
    else:
        print(experiment.id)
    return 0


def recipe(options: Namespace, client: Client) -> int:
    """Save the recipe of a size, the target's unless given."""
    wishes = {name: getattr(options, name) for name in ("width", "depth", "arm", "lr")}
    given = {name: value for name, value in wishes.items() if value is not None}
    return save(options, options.output or "recipe.py", client.recipe(options.id, **given))


def save(options: Namespace, path: str, content: bytes) -> int:
    """Write a file and print its path, or write to stdout for `-`; raises InvalidInput where it cannot."""
    if path == STDOUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        return 0
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidInput("client.cannot_write", path=path, reason=reason) from error
    if options.json:
        print_json({"path": path, "num_bytes": len(content)})
    else:
        print(path)
    return 0
