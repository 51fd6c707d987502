"""Command about the models of the operator's that workers hold."""

from __future__ import annotations

from argparse import Namespace

from muscope.backend.client import Client
from muscope.backend.commands.output import print_json, print_table


def models(options: Namespace, client: Client) -> int:
    """List the models, or store the data that one brings."""
    if options.store_data is not None:
        stored = client.create_model_data(options.store_data)
        if options.json:
            print_json(stored.raw)
        else:
            print(stored.id)
        return 0
    found = client.list_models()
    if options.json:
        print_json([each.raw for each in found])
    else:
        print_table(
            (
                f"brought:{each.name}",
                each.sha256[:12],
                ",".join(map(str, each.widths)),
                each.error or each.stacking_text,
                each.check_error or (each.check or {}).get("text", ""),
                each.rule_text,
            )
            for each in found
        )
    return 0
