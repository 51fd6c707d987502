"""Tool that judges a sweep which somebody has run; it needs no server, but the packages that judge."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

from mcp.server import MCPServer
from pydantic import Field

from muscope.backend.agents.tools import one_of, saying_errors
from muscope.backend.errors import NotFound

# An agent reads every word; `muscope judge --runs` writes all of them.
MOST_RUNS = 8
Rows = Annotated[
    list[dict[str, Any]] | None,
    Field(description="The runs, one object each: size (or width, depth), lr, loss; optional seed, step, …"),
]
File = Annotated[str | None, Field(description="A file of such rows on the machine of this MCP server.")]
Columns = Annotated[
    str, Field(description="Roles of columns that their names do not say: `size=params,loss=val_loss`.")
]
Axis = Annotated[str | None, Field(description="The only axis to judge, such as width; all if left out.")]


def add_sweep_tools(server: MCPServer[None], language: str) -> None:
    """Add `judge`."""

    @server.tool()
    @saying_errors(language)
    async def judge(
        rows: Rows = None, path: File = None, columns: Columns = "", axis: Axis = None
    ) -> dict[str, Any]:
        """Judge an existing learning rate sweep over sizes, without training anything.

        `next_runs` are the cheapest runs that would settle an open answer, or confirm one.
        """
        return await asyncio.to_thread(_judge, one_of(rows, path), columns, axis, language)


def _judge(
    source: list[dict[str, Any]] | str, columns: str, axis: str | None, language: str
) -> dict[str, Any]:
    from muscope.backend.ingest.rows.columns import Cells, read_cells
    from muscope.backend.ingest.rows.records import columns_of_records
    from muscope.backend.sweeps.table import Options, judge_columns
    from muscope.backend.sweeps.words import judged_runs, sentences

    if isinstance(source, str):
        if not Path(source).is_file():
            raise NotFound("sweep.no_file", path=source)
        table = read_cells(Path(source))
    else:
        table = Cells(columns_of_records(source))
    answer = judge_columns(table.columns, Options(columns=columns, axis=axis), left_out=table.left_out)
    runs = judged_runs(answer)
    return {
        "outcome": answer.outcome,
        "judged_arm": answer.judged_arm,
        "num_rows": answer.num_rows,
        "text": "\n".join(sentences(answer, language)),
        "next_runs": [run.model_dump(mode="json") for run in runs[:MOST_RUNS]],
        "num_next_runs": len(runs),
    }
