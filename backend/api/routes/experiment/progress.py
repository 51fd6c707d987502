"""Live progress and canonical export of an experiment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse
from starlette.requests import Request
from starlette.responses import StreamingResponse

from muscope.backend.api.deps import Ctx, ExperimentId, Owner, Serving, known_visitor
from muscope.backend.api.documented import Responses, errors
from muscope.backend.api.download import sandboxed_attachment, spooled
from muscope.backend.api.live.stream import Permission, progress_events
from muscope.backend.api.schemas import ExportDigest
from muscope.backend.errors import Unauthorized, Unavailable
from muscope.backend.services.context import Context
from muscope.backend.services.experiments.export import export_lines, export_sha256
from muscope.backend.services.marks import read_marks
from muscope.backend.services.views.views import Marks

router = APIRouter(prefix="/experiments", tags=["progress"])

_EXPORT: Responses = {
    200: {
        "description": "Tab-separated lines; the ETag is the sha256 of the whole.",
        "content": {
            "text/plain": {
                "schema": {"type": "string"},
                "example": "as_given\tmup\t32\t3\t0.03125\t0\ttrain_loss\t0\t5b4f1340\n",
            }
        },
    }
}

_EVENTS: Responses = {
    200: {
        "content": {
            "text/event-stream": {
                "itemSchema": {
                    "type": "object",
                    "properties": {
                        "data": {"type": "string"},
                        "event": {"type": "string"},
                        "id": {"type": "string"},
                        "retry": {"type": "integer", "minimum": 0},
                    },
                }
            }
        },
    }
}
# No cache keeps a stream, and a proxy in front passes on each event at once.
_UNBUFFERED = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def _opening_marks(context: Ctx, owner: Owner, experiment_id: ExperimentId) -> Marks:
    """Read before the stream begins, so that an unknown id is a plain 404."""
    return read_marks(context, owner, experiment_id)


def _may_still_see(context: Context, *, request: Request, owner: str) -> bool:
    """Tell whether the credentials of a stream still belong to the same owner with the same sight."""
    try:
        visitor = known_visitor(request, context)
    except Unauthorized:
        return False
    except Unavailable:
        return True  # a database that is away ends nobody's session
    return visitor is not None and (type(visitor.owner), visitor.owner) == (type(owner), owner)


@router.get(
    "/{experiment_id}/events",
    summary="Follow an experiment",
    response_class=StreamingResponse,
    responses=_EVENTS | errors(404),
)
async def stream_events(
    request: Request, serving: Serving, owner: Owner, opening: Annotated[Marks, Depends(_opening_marks)]
) -> StreamingResponse:
    """Stream how far each cell is, as server-sent events; they carry no data, read curves for that.

    `marks` holds the experiment's state and the cells that changed (all of them first); `end` says that
    nothing more will come, so close the connection. Otherwise connect again whenever it ends.
    """
    ask = partial(serving.run, partial(_may_still_see, request=request, owner=owner))
    return EventSourceResponse(_bytes(serving, owner, opening, ask), headers=_UNBUFFERED)


async def _bytes(
    serving: Serving, owner: Owner, opening: Marks, ask: Callable[[], Awaitable[bool]]
) -> AsyncIterator[bytes]:
    """Yield the events as they are sent.

    A route that yields events has each written anew for each viewer, and passed on by three tasks.
    """
    permission = Permission(ask)
    async with aclosing(progress_events(serving.hub, owner, opening, permission=permission)) as events:
        async for event in events:
            yield event.wire


@router.get(
    "/{experiment_id}/export",
    summary="Export an experiment",
    response_class=StreamingResponse,
    responses=_EXPORT | errors(404, 507),
)
def export_experiment(context: Ctx, owner: Owner, experiment_id: ExperimentId) -> StreamingResponse:
    """Return everything measured, one value a line, sorted by science, without ids or times.

    The columns are scenario, parametrization, width, depth, lr, seed, metric, step and the value as
    little-endian float32 in hex. Equal experiments in equal environments give equal bytes.
    """
    content = spooled(context.settings.scratch_folder, export_lines(context, owner, experiment_id))
    return sandboxed_attachment(content, f"muscope-{experiment_id}.tsv")


@router.get("/{experiment_id}/export/sha256", summary="Fingerprint of the export", responses=errors(404))
def get_export_digest(context: Ctx, owner: Owner, experiment_id: ExperimentId) -> ExportDigest:
    """Return the sha256 of the canonical export, by which two experiments can be compared."""
    return ExportDigest(experiment_id=experiment_id, sha256=export_sha256(context, owner, experiment_id))
