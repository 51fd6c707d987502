"""The tools as an agent sees them: through the SDK's own client, against the real application."""

from __future__ import annotations

import asyncio
import json
import math
import os
import subprocess
import sys
from typing import Any

import pytest
from mcp import Client as Agent
from mcp import StdioServerParameters, stdio_client

from muscope.backend.agents.server import build_server
from muscope.backend.client import AsyncClient
from muscope.backend.ingest.rows.columns import read_columns
from muscope.backend.sweeps.table import Options, judge_columns
from tests.backend.client.conftest import AT_ONCE, PLAN, ROWS
from tests.backend.services.still_open import add_open

SWEEP_TOOLS = {"store_sweep", "list_sweeps", "sweep_verdict", "judge_sweep_again", "delete_sweep"}
TOOLS = {"judge", "run_poc", "wait", "verdict", "list_experiments"} | SWEEP_TOOLS
TOOLS |= {"settle", "cancel", "resume"}


def call(url: str, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """Call tools one after another in one session; returns their structured answers."""

    async def session():
        async with AsyncClient(url, retries=AT_ONCE) as client, Agent(build_server(client)) as agent:
            return [await agent.call_tool(name, arguments) for name, arguments in calls]

    return asyncio.run(session())


def value(result) -> dict[str, Any]:
    assert not result.is_error, result.content
    found: dict[str, Any] = result.structured_content
    return found


def said(result) -> str:
    assert result.is_error
    (block,) = result.content
    return str(block.text)


def test_every_tool_and_parameter_explains_itself(url):
    async def listed():
        async with AsyncClient(url) as client, Agent(build_server(client)) as agent:
            return (await agent.list_tools()).tools, agent.instructions

    tools, instructions = asyncio.run(listed())

    assert {tool.name for tool in tools} == TOOLS
    assert all(tool.description for tool in tools)
    assert "inconclusive" in instructions


def test_an_agent_gets_from_rows_to_an_answer_in_two_calls(url, client):
    """No worker is here, so a person cancels the experiment between the two calls."""
    started = value(call(url, ("run_poc", {"rows": ROWS, "label": "sold", "plan": PLAN}))[0])
    client.cancel(started["experiment_id"])

    answered = value(call(url, ("wait", {"experiment_id": started["experiment_id"], "seconds": 0}))[0])

    assert started["next_steps"] == [{"action": "wait", "experiment_id": started["experiment_id"]}]
    assert (started["label"], started["state"]) == ("sold", "queued")
    assert (answered["outcome"], answered["state"]) == ("inconclusive", "cancelled")
    assert answered["spec_sha256"] == started["spec_sha256"]


def test_a_file_is_read_where_the_tools_run(url, tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("size,sold\n" + "".join(f"{row['size']},{row['sold']}\n" for row in ROWS))

    started = value(call(url, ("run_poc", {"path": str(path), "plan": PLAN, "key": "agent-1"}))[0])
    again = value(call(url, ("run_poc", {"path": str(path), "plan": PLAN, "key": "agent-1"}))[0])

    assert started["experiment_id"] == again["experiment_id"]


def test_an_experiment_that_goes_on_says_to_wait(url):
    started = value(call(url, ("run_poc", {"rows": ROWS, "label": "sold", "plan": PLAN}))[0])

    found = value(call(url, ("wait", {"experiment_id": started["experiment_id"], "seconds": 0}))[0])

    assert found["is_interim"]
    assert [step["action"] for step in found["next_steps"]] == ["wait"]
    asked = {"experiment_id": started["experiment_id"]}
    ended = call(url, ("cancel", asked), ("resume", asked), ("cancel", asked))
    assert [value(each)["state"] for each in ended] == ["cancelled", "queued", "cancelled"]


def test_an_open_answer_says_how_many_seeds_it_needs_and_goes_on(url, live):
    context = live.runtime.context
    open_id = str(add_open(context, context.database))

    asked = {"experiment_id": open_id}
    before, after = map(value, call(url, ("verdict", asked), ("settle", asked)))

    (step,) = before["next_steps"]
    assert (before["outcome"], step["action"]) == ("inconclusive", "settle")
    assert step["more_seeds"] > 0
    assert (after["state"], after["next_steps"][0]["action"]) == ("running", "wait")


def test_an_answer_is_small(url, client):
    example = client.open_example()

    found = value(call(url, ("verdict", {"experiment_id": example.id}))[0])

    assert len(json.dumps(found)) < 3000
    assert found["outcome"] == example.outcome
    assert found["learning_rate"] > 0


def test_the_newest_experiments_are_listed(url, client):
    example = client.open_example()

    (listed,) = call(url, ("list_experiments", {"text": example.name, "limit": 5}))

    assert {each["experiment_id"] for each in value(listed)["result"]} == {example.id}


@pytest.mark.parametrize(
    ("tool", "arguments", "code"),
    [
        ("verdict", {"experiment_id": "00000000-0000-0000-0000-000000000000"}, "experiment.not_found"),
        ("run_poc", {}, "agents.one_source"),
        ("run_poc", {"rows": ROWS, "path": "x.csv"}, "agents.one_source"),
        ("run_poc", {"path": "no-such.csv"}, "client.file"),
    ],
)
def test_an_error_reaches_the_agent_as_a_sentence_with_its_code(url, tool, arguments, code):
    assert f"[{code}]" in said(call(url, (tool, arguments))[0])


def test_the_command_speaks_the_protocol_and_nothing_else_on_stdout(url):
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "muscope.backend.cli", "mcp", "--server", url],
        env=dict(os.environ),
    )

    async def session():
        async with Agent(stdio_client(command)) as agent:
            tools = await agent.list_tools()
            return {tool.name for tool in tools.tools}, await agent.call_tool("list_experiments", {})

    names, listed = asyncio.run(session())

    assert names == TOOLS
    assert "result" in value(listed)


def test_stdout_holds_the_protocol_to_its_last_byte(url):
    params = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    }
    greeting = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
    command = (sys.executable, "-m", "muscope.backend.cli", "mcp", "--server", url)

    done = subprocess.run(
        command, input=greeting + "\n", capture_output=True, text=True, timeout=60, check=True
    )

    (answered,) = map(json.loads, done.stdout.splitlines())
    assert answered["result"]["serverInfo"]["name"] == "muscope"


def test_a_sweep_given_as_rows_is_judged_as_its_file_is(url, tmp_path):
    rows = [
        {"width": width, "lr": 2.0**power, "seed": seed, "loss": loss_of(width, power, seed)}
        for width in (64, 128, 256, 512)
        for power in range(-6, 1)
        for seed in range(4)
    ]
    path = tmp_path / "sweep.csv"
    path.write_text(
        "\n".join([",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]) + "\n"
    )

    of_rows, of_file = map(value, call(url, ("judge", {"rows": rows}), ("judge", {"path": str(path)})))

    expected = judge_columns(read_columns(path), Options())
    assert of_rows == of_file
    assert (of_rows["outcome"], of_rows["num_rows"]) == (expected.outcome, len(rows))
    assert of_rows["text"] != ""


def loss_of(width: int, power: int, seed: int) -> float:
    """Return a loss whose best learning rate, 2^-3, is the same at every width."""
    return 2.0 + 4.0 / math.sqrt(width) + 0.05 * (power + 3) ** 2 + 0.0005 * seed


def test_a_sweep_without_rates_is_refused_with_a_sentence(url):
    assert "[sweep." in said(call(url, ("judge", {"rows": [{"width": 8, "loss": 1.0}]}))[0])
