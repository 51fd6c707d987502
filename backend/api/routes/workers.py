"""Workers, and the state of what they depend on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from muscope.backend.api.deps import Ctx, Language, Owner
from muscope.backend.api.documented import errors
from muscope.backend.api.pages_of_lists import Page, list_responses
from muscope.backend.services import status, workers
from muscope.backend.services.views.machine_views import StatusView, WorkerView

router = APIRouter(tags=["workers"])


@router.get(
    "/workers",
    summary="List workers",
    response_class=Response,
    responses=list_responses(WorkerView) | errors(),
)
def list_workers(
    context: Ctx,
    owner: Owner,
    page: Page,
    language: Language,
    lost: Annotated[bool, Query(description="Also those that fell silent within the last day.")] = False,
) -> Response:
    """List the worker nodes seen in the last minute; without one, experiments wait in the queue.

    With `lost=true` those that were seen in the last 24 hours, but not in the last minute, come after them.
    """
    return page.of(workers.list_workers(context, owner, with_lost=lost, language=language))


@router.get("/status", summary="See which parts work, and who waits", responses=errors())
def get_status(context: Ctx, owner: Owner, language: Language) -> StatusView:
    """Return the state of disk, database and broker, each fault in words, and the experiments that wait.

    It answers while parts are away; `GET /readyz` is for probes.
    """
    return status.get_status(context, owner, language)
