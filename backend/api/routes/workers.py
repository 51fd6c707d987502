"""Workers."""

from __future__ import annotations

from fastapi import APIRouter

from muscope.backend.api.deps import Ctx
from muscope.backend.api.documented import errors
from muscope.backend.services import workers
from muscope.backend.services.views.views import WorkerView

router = APIRouter(prefix="/workers", tags=["workers"])


@router.get("", summary="List workers", responses=errors())
def list_workers(context: Ctx) -> list[WorkerView]:
    """List the worker nodes seen in the last minute; without one, experiments wait in the queue."""
    return workers.list_workers(context)
