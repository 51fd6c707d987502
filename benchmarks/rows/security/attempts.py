"""Requests that must be refused, sent one by one to a running product, and what is stored compared after."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx

from benchmarks.stack import Stack

NOBODY = "3f0c9d5e-8a51-4a4e-9d43-1d2f6f0b7c11"
UNSAFE = ("post", "put", "patch", "delete")
# Made once: for each client of its own it took longer than the request.
_TLS = ssl.create_default_context()
LISTS = ("/datasets", "/experiments", "/uploads")


def operations(stack: Stack) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and description of every operation that ends (streams do not)."""
    for path, methods in stack.get("/openapi.json")["paths"].items():
        for method, definition in methods.items():
            contents = definition.get("responses", {}).get("200", {}).get("content", {})
            if "text/event-stream" not in contents:
                yield method, path, definition


def concrete(path: str, value: str = NOBODY) -> str:
    """Fill every parameter of a path with one value."""
    return re.sub(r"\{[^}]+\}", quote(value, safe=""), path)


def send(stack: Stack, method: str, path: str, **request: Any) -> httpx.Response:
    """Send a request on a connection of its own, since a refusal may close it."""
    with httpx.Client(timeout=60, follow_redirects=False, verify=_TLS) as client:
        # In one piece: joined to a base, a path that begins with two slashes would name a host.
        return client.request(method.upper(), f"{stack.url}{path}", **request)


def stored(stack: Stack) -> str:
    """Return what is stored, as far as lists say it."""
    answers = {path: send(stack, "get", f"/api/v1{path}").text for path in LISTS}
    return json.dumps(answers, sort_keys=True)
