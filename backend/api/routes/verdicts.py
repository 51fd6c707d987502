"""Verdicts: the answer of an experiment."""

from __future__ import annotations

from fastapi import APIRouter

from backend.api.deps import Ctx, ExperimentId, Owner
from backend.api.documented import errors
from backend.domain.verdict import Verdict
from backend.services import verdicts

router = APIRouter(prefix="/experiments", tags=["verdicts"])


@router.get("/{experiment_id}/verdict", summary="Get an experiment's verdict", responses=errors(404))
def get_verdict(context: Ctx, owner: Owner, experiment_id: ExperimentId) -> Verdict:
    """Return whether the base's learning rate may be reused, with the numbers and the rule that decided.

    While cells are open the verdict is interim (`is_interim`) and computed on the way; afterwards it is the
    stored one. The words for `outcome`, `rule` and `reasons` are in the catalogue.
    """
    return verdicts.get_verdict(context, owner, experiment_id)
