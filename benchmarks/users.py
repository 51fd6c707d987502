"""People of a department on a running stack: accounts made over REST, each with a token of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import httpx

from benchmarks.stack import Stack

_PASSWORD = "lamp otter nineteen gravel"
_SECONDS = 300.0


def make_users(stack: Stack, count: int) -> list[str]:
    """Make an admin and `count` users who may submit; return the users' tokens.

    From then on the stack answers nobody without a token or a session.
    """
    with _browser(stack) as admin:
        _accept(admin, _first_secret(stack), name="boss")
        return [_made(stack, admin, f"user{number}") for number in range(count)]


def client_of(stack: Stack, token: str) -> httpx.Client:
    """Return a client of the stack's REST API that speaks for the owner of a token."""
    return client_at(stack.url, token)


def client_at(url: str, token: str) -> httpx.Client:
    """Return the same client of the stack at an address, for another process."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=60)


def _browser(stack: Stack) -> httpx.Client:
    """Return a client that keeps its session, and names its origin as browsers do."""
    return httpx.Client(base_url=f"{stack.url}/api/v1", headers={"Origin": stack.url}, timeout=60)


def _made(stack: Stack, admin: httpx.Client, name: str) -> str:
    link = admin.post("/users", json={"name": name}).raise_for_status().json()
    with _browser(stack) as own:
        _accept(own, str(link["path"]).rpartition("#")[2])
        made = own.post("/account/tokens", json={"name": "posts"}).raise_for_status().json()
    return str(made["token"])


def _accept(client: httpx.Client, secret: str, **name: str) -> None:
    answer = {"secret": secret, "password": _PASSWORD, **name}
    client.post("/invitation", json=answer).raise_for_status()


def _first_secret(stack: Stack) -> str:
    """Return the secret of the link that the terminal shows at the first start."""
    command = (sys.executable, "-m", "muscope.backend.cli", "users", "first-link")
    environment = os.environ | {"MUSCOPE_DATA": str(stack.data)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=True
    )
    return done.stdout.strip().rpartition("#")[2]
