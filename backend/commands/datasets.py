"""Commands about datasets."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from muscope.backend.client import Client
from muscope.backend.commands.output import print_json, print_table


def datasets(options: Namespace, client: Client) -> int:
    """List datasets, store a file, or delete one."""
    return {"list": _list, "upload": _upload, "delete": _delete}[options.action](options, client)


def _list(options: Namespace, client: Client) -> int:
    found = client.list_datasets()
    if options.json:
        print_json(found.items)
    else:
        rows = ((each.id, each.shape["task"], each.shape["num_train"], each.name) for each in found.datasets)
        print_table(rows)
    return 0


def _upload(options: Namespace, client: Client) -> int:
    stored = client.upload(Path(options.file), **({"label": options.label} if options.label else {}))
    if options.json:
        print_json(stored.raw)
    else:
        print(stored.id)
    return 0


def _delete(options: Namespace, client: Client) -> int:
    client.delete_dataset(options.id)
    if options.json:
        print_json({"id": options.id})
    return 0
