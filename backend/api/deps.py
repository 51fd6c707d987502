"""Dependencies of the endpoints: the context, the visitor and owner, the language, the live hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, TypeVar
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Header, Path
from starlette.requests import Request

from muscope.backend.accounts.roles import Visitor
from muscope.backend.api.accounts.cookies import read_cookie
from muscope.backend.api.errors import language_of
from muscope.backend.api.live.hub import Hub
from muscope.backend.errors import Unauthorized
from muscope.backend.services.accounts.provider.client import Provider
from muscope.backend.services.accounts.visiting import visitor_of
from muscope.backend.services.context import Context

T = TypeVar("T")

# Reading a file keeps a thread and a child process busy for up to minutes; the other threads stay free.
MAX_READERS = 4
# A password's hash takes 64 MiB for a fifth of a second; a storm of them must not take the memory.
MAX_HASHERS = 2
# A provider that does not answer keeps a thread waiting for seconds; other requests have theirs.
MAX_AT_PROVIDER = 4
_BEARER = "bearer "


@dataclass(frozen=True)
class Runtime:
    """Resources that the process keeps open while it serves."""

    context: Context
    hub: Hub
    readers: CapacityLimiter
    hashers: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(MAX_HASHERS))
    providers: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(MAX_AT_PROVIDER))
    provider: Provider | None = None

    async def read_file(self, use_case: Callable[..., T], *arguments: object) -> T:
        """Run a use case that reads a file, a few at a time; it is not abandoned when the client leaves."""
        return await to_thread.run_sync(use_case, self.context, *arguments, limiter=self.readers)

    async def run(self, use_case: Callable[..., T], *arguments: object) -> T:
        """Run a short use case in a thread, for endpoints that follow a body as it comes."""
        return await to_thread.run_sync(use_case, self.context, *arguments)


async def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


async def _context(runtime: Annotated[Runtime, Depends(_runtime)]) -> Context:
    return runtime.context


def known_visitor(request: Request, context: Annotated[Context, Depends(_context)]) -> Visitor | None:
    """Return who sends a request, None for nobody; raises Unauthorized for a token that does not count."""
    given = request.headers.get("authorization", "")
    bearer = given[len(_BEARER) :].strip() if given.lower().startswith(_BEARER) else None
    return visitor_of(context, cookie=read_cookie(context.settings, request), bearer=bearer)


async def require_visitor(visitor: Annotated[Visitor | None, Depends(known_visitor)]) -> Visitor:
    """Return who sends a request; raises Unauthorized if nobody is signed in."""
    if visitor is None:
        raise Unauthorized("account.sign_in_needed")
    return visitor


async def require_owner(visitor: Annotated[Visitor, Depends(require_visitor)]) -> str:
    """Return whose objects a request may see, and to whom new ones belong."""
    return visitor.owner


async def _language(request: Request) -> str:
    return language_of(request.scope)


Serving = Annotated[Runtime, Depends(_runtime)]
Ctx = Annotated[Context, Depends(_context)]
MaybeVisitor = Annotated[Visitor | None, Depends(known_visitor)]
ThisVisitor = Annotated[Visitor, Depends(require_visitor)]
Owner = Annotated[str, Depends(require_owner)]
Language = Annotated[str, Depends(_language)]

DatasetId = Annotated[UUID, Path(description="A dataset's id.")]
ExperimentId = Annotated[UUID, Path(description="An experiment's id.")]
SweepId = Annotated[UUID, Path(description="A stored sweep's id.")]
UploadId = Annotated[UUID, Path(description="An upload's id.")]
CellId = Annotated[UUID, Path(description="A cell's id.")]
IfNoneMatch = Annotated[
    str | None,
    Header(description="The ETag of an earlier answer to the same question; 304 while it still holds."),
]
IfMatch = Annotated[
    str | None,
    Header(
        max_length=100, description="The ETag of what is changed, so that no other change is overwritten."
    ),
]
