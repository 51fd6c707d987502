"""Answers with one page of a list that is read whole: limit, cursor, `Link` and ETag of every such list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from muscope.backend.api.caching import fresh_content, next_link
from muscope.backend.api.deps import IfNoneMatch
from muscope.backend.api.documented import Responses

MOST_ITEMS = 1000
_JSON = TypeAdapter(list[BaseModel])
_UNCHANGED = {"description": "Nothing has changed since the state that If-None-Match names."}


@dataclass(frozen=True)
class AskedPage:
    """The part of a list that a request asks for.

    Attributes:
        limit: most items of the answer.
        start: number of items before the page.
    """

    request: Request
    limit: int
    start: int

    def of(self, items: Sequence[BaseModel]) -> Response:
        """Answer with these of `items` as JSON; with 304 if the client has the same already."""
        end = self.start + self.limit
        content = _JSON.dump_json(list(items[self.start : end]), serialize_as_any=True)
        following = str(end) if end < len(items) else None
        headers = next_link(self.request, following) | {"X-Total-Count": str(len(items))}
        return fresh_content(self.request, content, headers)


def _asked_page(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MOST_ITEMS, description="Most items of one answer.")] = MOST_ITEMS,
    cursor: Annotated[
        str | None,
        Query(
            pattern="^[0-9]{1,9}$",
            description="The page to answer with, as `Link` of the page before names it; items that are "
            "added meanwhile may move others to another page.",
        ),
    ] = None,
    if_none_match: IfNoneMatch = None,  # noqa: ARG001 (said here, read by `fresh_content`)
) -> AskedPage:
    return AskedPage(request, limit, int(cursor or 0))


Page = Annotated[AskedPage, Depends(_asked_page)]


def list_responses(model: type[BaseModel]) -> Responses:
    """Document the answers of a list of `model`."""
    description = (
        "One page; the header `Link` leads to the next, `X-Total-Count` counts the items of all, "
        "the `ETag` is of what is on the page."
    )
    return {
        200: {"model": list[model], "description": description},  # type: ignore[valid-type]
        304: _UNCHANGED,
    }


def page_responses(page: type[BaseModel]) -> Responses:
    """Document the answers of a list whose pages tell more than their items."""
    said = {"model": page, "description": "One page; gzip-compressed where that is accepted."}
    return {200: said, 304: _UNCHANGED}
