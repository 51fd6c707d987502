"""Probes: is the process up, and can it do its work."""

from __future__ import annotations

from fastapi import APIRouter

from muscope.backend.api.deps import Ctx, Language
from muscope.backend.api.documented import errors
from muscope.backend.api.schemas import Health
from muscope.backend.catalogue import error_text
from muscope.backend.services.health import require_ready
from muscope.backend.services.workers import notes_of_workers

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Is the process up", responses=errors())
async def get_health() -> Health:
    """Answer as long as the process serves; looks at nothing else."""
    return Health(status="ok")


@router.get("/readyz", summary="Is everything ready", responses=errors(503))
def get_readiness(context: Ctx, language: Language) -> Health:
    """Check disk, database, schema and broker; 503 names the cause, or what is missing.

    Workers that take no cells, or are of another version, are named in `notes`: the others go on.
    """
    require_ready(context)
    notes = tuple(error_text(note, language) for note in notes_of_workers(context))
    return Health(status="ready", notes=notes)
