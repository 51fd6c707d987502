"""Tools about experiments. Their answers are small: an agent reads every word of them."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any, Literal

from mcp.server import MCPServer
from pydantic import Field

from muscope.backend.agents.tools import one_of, saying_errors
from muscope.backend.client import AsyncClient
from muscope.backend.client.answers import answer
from muscope.backend.errors import TimeIsUp

Answer = dict[str, Any]
ExperimentId = Annotated[str, Field(description="Id of the experiment.")]
Seconds = Annotated[float, Field(ge=0, le=3600, description="Most seconds to wait; the experiment goes on.")]
Rows = Annotated[
    list[dict[str, Any]] | None, Field(description="The table, one object a row; or give `path`.")
]
File = Annotated[
    str | None, Field(description="A file on the machine of this MCP server: CSV, Parquet, NPZ, a text, …")
]
Label = Annotated[str | None, Field(description="The column to predict; guessed if left out.")]
Effort = Annotated[
    Literal["quick", "standard", "thorough"],
    Field(description="More takes longer and concludes more."),
]
Plan = Annotated[
    dict[str, Any] | None,
    Field(description="Whatever else differs from the default plan, as POST /api/v1/experiments takes it."),
]
Key = Annotated[str | None, Field(description="Idempotency key: with the same one, nothing new is started.")]


def add_experiment_tools(server: MCPServer[None], client: AsyncClient) -> None:
    """Add the tools that start, steer, follow and list experiments."""
    _add_starting(server, client)
    _add_steering(server, client)
    _add_answers(server, client)
    _add_list(server, client)


def _add_starting(server: MCPServer[None], client: AsyncClient) -> None:
    @server.tool()
    @saying_errors(client.language)
    async def run_poc(
        rows: Rows = None,
        path: File = None,
        label: Label = None,
        preset: Effort = "quick",
        plan: Plan = None,
        key: Key = None,
    ) -> Answer:
        """Start an experiment on a table or a file, and return its id at once; then call `wait`."""
        dataset = await client.upload(one_of(rows, path), **({} if label is None else {"label": label}))
        wishes = {"dataset_id": dataset.id, "preset": preset, **(plan or {})}
        created = await client.create(wishes, key=key)
        return {
            "experiment_id": created.id,
            "state": created.state,
            "label": dataset.profile.get("label"),
            "predicted_seconds": round(created.predicted_seconds),
            "spec_sha256": created.spec_sha256,
            "next_steps": [{"action": "wait", "experiment_id": created.id}],
        }


def _add_steering(server: MCPServer[None], client: AsyncClient) -> None:
    @server.tool()
    @saying_errors(client.language)
    async def settle(experiment_id: ExperimentId, max_seeds: int | None = None) -> Answer:
        """Let an experiment with an open answer go on with further seeds; then call `wait`."""
        await client.settle(experiment_id, max_seeds=max_seeds)
        return await _answer(client, experiment_id)

    @server.tool()
    @saying_errors(client.language)
    async def cancel(experiment_id: ExperimentId) -> Answer:
        """Stop an experiment; what was measured stays."""
        await client.cancel(experiment_id)
        return await _answer(client, experiment_id)

    @server.tool()
    @saying_errors(client.language)
    async def resume(experiment_id: ExperimentId) -> Answer:
        """Continue an experiment that was cancelled, where it stopped; then call `wait`."""
        await client.resume(experiment_id)
        return await _answer(client, experiment_id)


def _add_answers(server: MCPServer[None], client: AsyncClient) -> None:
    @server.tool()
    @saying_errors(client.language)
    async def wait(experiment_id: ExperimentId, seconds: Seconds = 50.0) -> Answer:
        """Wait for an experiment to end, and return its answer; an interim one when the time is up first."""
        with suppress(TimeIsUp):  # the answer then says that it goes on
            await client.wait(experiment_id, timeout=seconds)
        return await _answer(client, experiment_id)

    @server.tool()
    @saying_errors(client.language)
    async def verdict(experiment_id: ExperimentId) -> Answer:
        """Return the answer of an experiment as it is now, with its reasons and what can be done next."""
        return await _answer(client, experiment_id)


def _add_list(server: MCPServer[None], client: AsyncClient) -> None:
    @server.tool()
    @saying_errors(client.language)
    async def list_experiments(
        text: Annotated[str | None, Field(description="Sought in names, data, notes and tags.")] = None,
        limit: Annotated[int, Field(ge=1, le=100)] = 10,
    ) -> list[Answer]:
        """List the newest experiments: id, name, state and outcome."""
        page = await client.list_experiments(q=text, limit=limit)
        return [
            {"experiment_id": each.id, "name": each.name, "state": each.state, "outcome": each.outcome}
            for each in page.experiments
        ]


async def _answer(client: AsyncClient, experiment_id: str) -> Answer:
    experiment = await client.get(experiment_id)
    return answer(experiment, await client.verdict(experiment_id), client.language)
