"""The walk as a program: every route and method as every visitor on a new server, told in one line of JSON.

python -m tests.backend.api.accounts.walk_program
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from muscope.backend.settings import Settings
from tests.backend.api.accounts.route_walk import Deviation, operations, walk
from tests.backend.api.conftest import Server, serving

METHODS = ("get", "head", "options", "post", "put", "patch", "delete", "trace")
# Pages and files answer these, and hold nothing of anybody.
OF_PAGES = {"get", "head"}
REFUSED = (400, 401, 403, 404, 405)


def unlisted(server: Server) -> Iterator[tuple[str, str]]:
    """Yield method and path of what no route is there for: other methods of the API's paths and of pages."""
    document = server.app.openapi()
    listed = {(method, path) for method, path, _ in operations(document)}
    pages = {str(path) for route in server.app.routes if (path := getattr(route, "path", ""))}
    for path in sorted(document["paths"].keys() | pages):
        for method in METHODS:
            if (method, path) not in listed and not (path in pages and method in OF_PAGES):
                yield method, path


def refused(server: Server) -> tuple[int, list[Deviation]]:
    """Ask everything that is not listed as nobody; return the number of requests and what was answered."""
    wrong, count = [], 0
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=20) as client:
        client.headers["Origin"] = str(client.base_url).rstrip("/")
        for method, path in unlisted(server):
            count += 1
            status = client.request(method.upper(), re.sub(r"\{[^}]+\}", "nothing", path)).status_code
            if status not in REFUSED:
                wrong.append(Deviation(method, path, "nobody", status, "a refusal"))
    return count, wrong


def main() -> None:
    """Walk on a server with a data folder of its own, and print counts and deviations."""
    with TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), broker_url=f"unix://{folder}/no-broker.sock")
        with serving(settings) as server:
            count, wrong = walk(server)  # it makes the users, without whom nobody is asked to sign in
            others, answered = refused(server)
            routes = len(operations(server.app.openapi()))
    told = [each._asdict() for each in wrong + answered]
    print(json.dumps({"routes": routes, "asked": count, "unlisted": others, "wrong": told}))


if __name__ == "__main__":
    main()
