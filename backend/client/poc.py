"""The whole way in one call, for notebooks: data in, answer out."""

from __future__ import annotations

from typing import Any

from muscope.backend.catalogue import DEFAULT_LANGUAGE
from muscope.backend.child_processes import child_environment
from muscope.backend.client.own_server import local_server
from muscope.backend.client.progress import ProgressBar
from muscope.backend.client.result import Result
from muscope.backend.client.synchronous.client import Client
from muscope.backend.client.tables import Source


def run_poc(
    source: Source,
    label: str | None = None,
    *,
    server: str | None = None,
    token: str | None = None,
    language: str = DEFAULT_LANGUAGE,
    client: Client | None = None,
    **plan: Any,
) -> Result:
    """Upload data, run an experiment on them with a progress bar, and return a result that shows itself.

    Args:
        source: a pandas or polars table, columns by name, rows, arrays `(x, y)`, or the path of a file.
        label: the column to predict; guessed if left out.
        server: address of a server; `MUSCOPE_SERVER` if left out, else the one of `local_server`.
        client: client to use instead of one for `server` and `token`.
        plan: whatever differs from the default plan, such as `preset="quick"`.
    """
    if client is None:
        environment = child_environment()
        address = server or environment.get("MUSCOPE_SERVER") or local_server()
        key = token or environment.get("MUSCOPE_TOKEN") or None
        with Client(address, key, language=language) as own:
            return run_poc(source, label, language=language, client=own, **plan)
    with ProgressBar(language) as bar:
        return client.run_poc(source, label, on_progress=bar, **plan)
