"""The tools on an installation with accounts: a token decides what an agent may do and what it sees."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from mcp import Client as Agent
from mcp import StdioServerParameters, stdio_client

from muscope.backend.agents.server import build_server
from muscope.backend.client import AsyncClient
from muscope.backend.services.accounts.users import first_link
from muscope.backend.settings import Settings
from tests.backend.api.conftest import Server, serving
from tests.backend.client.conftest import AT_ONCE, PLAN, ROWS

WORDS = "lamp otter nineteen gravel"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("guarded")
    with serving(Settings(data=folder, broker_url=f"unix://{folder}/no.sock", database_url=None)) as server:
        yield server


@pytest.fixture(scope="module")
def admin(guarded: Server) -> Iterator[httpx.Client]:
    """The first admin's browser."""
    base = f"http://127.0.0.1:{guarded.port}"
    with httpx.Client(base_url=f"{base}/api/v1", headers={"Origin": base}, timeout=60) as client:
        path = first_link(guarded.runtime.context)
        assert path is not None
        answer = {"secret": path.partition("#")[2], "name": "Boss", "password": WORDS}
        reply = client.post("/invitation", json=answer)
        assert reply.status_code == 200, reply.text
        yield client


@pytest.fixture(scope="module")
def address(guarded: Server) -> str:
    return f"http://127.0.0.1:{guarded.port}"


def token(admin: httpx.Client, *scopes: str) -> str:
    reply = admin.post("/account/tokens", json={"name": "-".join(scopes), "scopes": scopes, "days": 1})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["token"])


def call(address: str, secret: str | None, tool: str, **arguments: Any) -> Any:
    async def session():
        async with (
            AsyncClient(address, secret, retries=AT_ONCE) as client,
            Agent(build_server(client)) as agent,
        ):
            return await agent.call_tool(tool, arguments)

    return asyncio.run(session())


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize(
    ("secret", "code"), [(None, "account.sign_in_needed"), ("a_token_of_another_tool", "token.unreadable")]
)
def test_without_a_valid_token_an_agent_is_told_what_is_missing(address, secret, code):
    answer = call(address, secret, "list_experiments")

    assert answer.is_error
    assert f"[{code}]" in answer.content[0].text


def test_a_token_that_may_submit_starts_an_experiment_of_its_user(address, admin):
    secret = token(admin, "read", "submit")

    started = call(address, secret, "run_poc", rows=ROWS, label="sold", plan=PLAN).structured_content
    listed = call(address, secret, "list_experiments").structured_content["result"]
    seen = admin.get(f"/experiments/{started['experiment_id']}").json()
    cancelled = call(address, secret, "cancel", experiment_id=started["experiment_id"])

    assert started["experiment_id"] in {each["experiment_id"] for each in listed}
    assert seen["id"] == started["experiment_id"]
    assert not cancelled.is_error


def test_a_token_that_may_only_read_starts_nothing(address, admin):
    secret = token(admin, "read")
    before = len(admin.get("/experiments").json()["items"])

    answer = call(address, secret, "run_poc", rows=ROWS, label="sold", plan=PLAN)

    assert answer.is_error
    assert "[account.not_allowed]" in answer.content[0].text
    assert len(admin.get("/experiments").json()["items"]) == before
    assert not call(address, secret, "list_experiments").is_error


@pytest.mark.parametrize("place", ["environment", "option"])
def test_the_command_takes_the_token_from_the_environment_or_an_option(address, admin, place):
    secret = token(admin, "read")
    options, variables = ["mcp", "--server", address], {"PATH": os.environ["PATH"]}
    if place == "option":
        options += ["--token", secret]
    else:
        variables["MUSCOPE_TOKEN"] = secret
    parameters = StdioServerParameters(
        command=sys.executable, args=["-m", "muscope.backend.cli", *options], env=variables
    )

    async def session():
        async with Agent(stdio_client(parameters)) as agent:
            return await agent.call_tool("list_experiments", {})

    answer = asyncio.run(session())
    assert not answer.is_error, answer.content
