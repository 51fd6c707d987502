"""Probes: is the process up, and can it do its work."""

from __future__ import annotations

from fastapi import APIRouter

from muscope.backend.api.deps import Ctx
from muscope.backend.api.documented import errors
from muscope.backend.api.schemas import Health
from muscope.backend.services.health import require_ready

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Is the process up", responses=errors())
async def get_health() -> Health:
    """Answer as long as the process serves; looks at nothing else."""
    return Health(status="ok")


@router.get("/readyz", summary="Is everything ready", responses=errors(503))
def get_readiness(context: Ctx) -> Health:
    """Check disk, database, schema and broker; 503 names the cause, or what is missing."""
    require_ready(context)
    return Health(status="ready")
