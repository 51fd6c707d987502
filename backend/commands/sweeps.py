"""Commands about sweeps that a server keeps: store, list, show, judge again, save, rename, delete."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from muscope.backend.catalogue import error_text
from muscope.backend.client import Client, StoredSweep
from muscope.backend.commands.files import save
from muscope.backend.commands.output import print_json, print_table
from muscope.backend.errors import InvalidInput
from muscope.backend.grammar.asking import FAILURE
from muscope.backend.grammar.laws import law_parts
from muscope.backend.sweeps.reading.roles import parse_mapping

_UNCLEAR = "?"


def sweeps(options: Namespace, client: Client) -> int:
    """Run one of the actions; `show` and `judge` return the status of the outcome, as `muscope judge`."""
    return _ACTIONS[options.action](options, client)


def _list(options: Namespace, client: Client) -> int:
    filters = {"q": options.search, "outcome": options.outcome, "sort": options.sort}
    found = client.list_sweeps(**{name: value for name, value in filters.items() if value})
    if options.json:
        print_json(found)
    else:
        shown = ("id", "outcome", "num_rows", "name")
        print_table([each[name] or _UNCLEAR for name in shown] for each in found)
    return 0


def _store(options: Namespace, client: Client) -> int:
    stored = client.store_sweep(Path(options.file))
    _ask(stored, client.language)
    if options.json:
        print_json(stored.raw)
    else:
        print(stored.id)
    return 0


def _show(options: Namespace, client: Client) -> int:
    return _answer(options, client, client.get_sweep(options.id))


def _judge(options: Namespace, client: Client) -> int:
    columns = [column["name"] for column in client.get_sweep(options.id).reading["columns"]]
    roles = parse_mapping(options.columns, columns)
    judged = client.judge_again(options.id, roles=roles, **_choices(options))
    return _answer(options, client, judged)


def _choices(options: Namespace) -> dict[str, Any]:
    """Return what was chosen; an empty arm or axis takes an earlier choice back."""
    named: dict[str, Any] = {name: getattr(options, name) for name in ("arm", "axis", "initial_loss")}
    chosen = {name: value or None for name, value in named.items() if value is not None}
    return chosen if options.law is None else chosen | {"law": law_parts(options.law)}


def _runs(options: Namespace, client: Client) -> int:
    return save(options, options.output or "next-runs.csv", client.next_runs(options.id))


def _report(options: Namespace, client: Client) -> int:
    path = options.output or f"muscope-{options.id}.html"
    is_pdf = path.lower().endswith(".pdf")
    return save(options, path, client.sweep_report(options.id, "pdf" if is_pdf else "html"))


def _rename(options: Namespace, client: Client) -> int:
    renamed = client.rename_sweep(options.id, options.name)
    if options.json:
        print_json(renamed.raw)
    return 0


def _delete(options: Namespace, client: Client) -> int:
    client.delete_sweep(options.id)
    if options.json:
        print_json({"id": options.id})
    return 0


def _answer(options: Namespace, client: Client, sweep: StoredSweep) -> int:
    if options.json:
        print_json(sweep.raw)
    elif sweep.answer is not None:
        print(client.sweep_text(sweep.id), end="")
    _ask(sweep, client.language)
    return FAILURE if sweep.answer is None else int(sweep.answer["exit_code"])


def _ask(sweep: StoredSweep, language: str) -> None:
    """Print the question that stands before an answer, where people look for errors."""
    if sweep.question is not None:
        error = InvalidInput(sweep.question["code"], **sweep.question["params"])
        print(error_text(error, language), file=sys.stderr)


_ACTIONS: Mapping[str, Callable[[Namespace, Client], int]] = {
    "delete": _delete,
    "judge": _judge,
    "list": _list,
    "rename": _rename,
    "report": _report,
    "runs": _runs,
    "show": _show,
    "store": _store,
}
