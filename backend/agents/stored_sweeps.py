"""Tools about sweeps that the server keeps; storing and deleting need the scope to submit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from mcp.server import MCPServer
from pydantic import Field

from muscope.backend.agents.sweeps import MOST_RUNS, Axis, Columns, File, Rows
from muscope.backend.agents.tools import one_of, saying_errors
from muscope.backend.catalogue import error_text
from muscope.backend.client import AsyncClient, StoredSweep
from muscope.backend.errors import InvalidInput
from muscope.backend.sweeps.reading.roles import parse_mapping

Answer = dict[str, Any]
SweepId = Annotated[str, Field(description="Id of the stored sweep.")]
Name = Annotated[str | None, Field(max_length=200, description="The name to show.")]
Arm = Annotated[str | None, Field(description="The arm that decides, such as muP; the worst if left out.")]


def add_stored_sweep_tools(server: MCPServer[None], client: AsyncClient) -> None:
    """Add the tools that store, list, show, judge again and delete."""
    _add_storing(server, client)
    _add_showing(server, client)


def _add_storing(server: MCPServer[None], client: AsyncClient) -> None:
    @server.tool()
    @saying_errors(client.language)
    async def store_sweep(
        rows: Rows = None,
        path: File = None,
        name: Name = None,
        columns: Columns = "",
        arm: Arm = None,
        axis: Axis = None,
    ) -> Answer:
        """Judge an existing sweep as `judge` does, and keep it on the server with its answer.

        `question` says what to give in `columns` of judge_sweep_again where a column is not clear.
        """
        stored = await client.store_sweep(one_of(rows, path), name)
        if columns or arm or axis:
            stored = await _judged_again(client, stored, columns, arm=arm, axis=axis)
        return await _answer(client, stored)

    @server.tool()
    @saying_errors(client.language)
    async def judge_sweep_again(
        sweep_id: SweepId, columns: Columns = "", arm: Arm = None, axis: Axis = None
    ) -> Answer:
        """Judge a stored sweep by other columns, arm or axis, and keep it; what is left out stays."""
        stored = await client.get_sweep(sweep_id)
        return await _answer(client, await _judged_again(client, stored, columns, arm=arm, axis=axis))

    @server.tool()
    @saying_errors(client.language)
    async def delete_sweep(sweep_id: SweepId) -> Answer:
        """Delete a stored sweep with its file and its answer; this cannot be undone."""
        await client.delete_sweep(sweep_id)
        return {"sweep_id": sweep_id, "state": "deleted"}


def _add_showing(server: MCPServer[None], client: AsyncClient) -> None:
    @server.tool()
    @saying_errors(client.language)
    async def list_sweeps(limit: Annotated[int, Field(ge=1, le=100)] = 10) -> list[Answer]:
        """List the newest stored sweeps: id, name, outcome (null while its columns are not clear), rows."""
        return [
            {"sweep_id": each["id"], **{name: each[name] for name in ("name", "outcome", "num_rows")}}
            for each in await client.list_sweeps(limit=limit)
        ]

    @server.tool()
    @saying_errors(client.language)
    async def sweep_verdict(sweep_id: SweepId) -> Answer:
        """Return the answer of a stored sweep, with the cheapest runs that would settle or confirm it."""
        return await _answer(client, await client.get_sweep(sweep_id))


async def _judged_again(
    client: AsyncClient, stored: StoredSweep, columns: str, **named: str | None
) -> StoredSweep:
    roles = parse_mapping(columns, [column["name"] for column in stored.reading["columns"]])
    chosen = {name: value for name, value in named.items() if value is not None}
    return await client.judge_again(stored.id, roles=roles, **chosen)


async def _answer(client: AsyncClient, stored: StoredSweep) -> Answer:
    about: Answer = {"sweep_id": stored.id, "name": stored.name, "outcome": stored.outcome}
    if stored.answer is None:
        return about | {"question": _sentence(stored, client.language)}
    runs = list(_runs(stored))
    return about | {
        "judged_arm": stored.answer["judged_arm"],
        "num_rows": stored.num_rows,
        "text": await client.sweep_text(stored.id),
        "next_runs": runs[:MOST_RUNS],
        "num_next_runs": len(runs),
    }


def _runs(stored: StoredSweep) -> Iterator[Any]:
    """Yield the next runs of all arms, the judged one's first."""
    answer = stored.answer or {"arms": (), "judged_arm": {}}
    for arm in sorted(answer["arms"], key=lambda arm: bool(arm["arm"] != answer["judged_arm"])):
        for axis in arm["axes"]:
            yield from axis["next_runs"]


def _sentence(stored: StoredSweep, language: str) -> str | None:
    if stored.question is None:
        return None
    error = InvalidInput(stored.question["code"], **stored.question["params"])
    return f"{error_text(error, language)} [{error.code}]"
