"""Parts that all tools share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from mcp.server.mcpserver.exceptions import ToolError

from muscope.backend.catalogue import error_text
from muscope.backend.errors import InvalidInput, MuscopeError

P = ParamSpec("P")
R = TypeVar("R")


def saying_errors(language: str) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]:
    """Have an error of ours reach the agent as its sentence and its code; others stay in the log."""

    def wrapped(tool: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        @wraps(tool)
        async def said(*positional: P.args, **named: P.kwargs) -> R:
            try:
                return await tool(*positional, **named)
            except MuscopeError as error:
                raise ToolError(f"{error_text(error, language)} [{error.code}]") from error

        return said

    return wrapped


def one_of(rows: list[dict[str, Any]] | None, path: str | None) -> list[dict[str, Any]] | str:
    """Return the one way in which data are given; raises InvalidInput for both or none."""
    source = rows or path
    if source is None or (rows and path):
        raise InvalidInput("agents.one_source")
    return source
