"""The MCP server, and its run over stdin and stdout."""

from __future__ import annotations

import asyncio
import io
import sys

from mcp.server import MCPServer

from muscope.backend.agents.experiments import add_experiment_tools
from muscope.backend.agents.stored_sweeps import add_stored_sweep_tools
from muscope.backend.agents.sweeps import add_sweep_tools
from muscope.backend.client import AsyncClient

INSTRUCTIONS = (
    "µScope answers whether a learning rate tuned on a small model may be reused on a large one. Give it "
    "data with run_poc, then call wait until next_steps no longer says so. `outcome` is transfers, "
    "sharpness_drifts (usable, with care), fine_tune, does_not_transfer, or inconclusive. Inconclusive is "
    "not a yes: next_steps says how many more seeds would settle it. For runs that exist already, call "
    "judge, or store_sweep to keep them with their answer on the server."
)


def build_server(client: AsyncClient) -> MCPServer[None]:
    """Return a server whose tools ask through a client."""
    server: MCPServer[None] = MCPServer("muscope", title="µScope", instructions=INSTRUCTIONS)
    add_experiment_tools(server, client)
    add_sweep_tools(server, client.language)
    add_stored_sweep_tools(server, client)
    return server


def serve(address: str, token: str | None, language: str) -> int:
    """Serve over stdin and stdout until stdin ends."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Whatever a library prints leaves at once, and not into the protocol's stream at exit.
        sys.stdout.reconfigure(line_buffering=True)
    asyncio.run(_serve(address, token, language))
    return 0


async def _serve(address: str, token: str | None, language: str) -> None:
    async with AsyncClient(address, token, language=language) as client:
        await build_server(client).run_stdio_async()
