"""A brought network as a family of the trainer."""

from __future__ import annotations

from muscope.backend.domain.spec.families.adapted import Adapted
from muscope.backend.domain.spec.families.brought import Brought
from muscope.worker.brought.adapters.network import AdaptedNetwork
from muscope.worker.brought.loading import BroughtModel
from muscope.worker.brought.training.network import BroughtNetwork
from muscope.worker.brought.training.probe import require_sound
from muscope.worker.numerics.families import FamilyNetwork
from muscope.worker.numerics.program import CellProgram, TrainingData


def brought_family(brought: BroughtModel, model: Brought, width: int, depth: int) -> FamilyNetwork:
    """Return how the network of one size computes; raises InvalidInput for whatever fails in the file."""
    return _family(_bound(brought, model, width, depth))


def sound_family(
    brought: BroughtModel, model: Brought, program: CellProgram, data: TrainingData
) -> FamilyNetwork:
    """Return how the network of a cell computes, looked at on a batch of its data.

    Raises:
        InvalidInput: the file fails, or its outputs are not finite or not repeatable at this size.
    """
    bound = _bound(brought, model, program.width, program.depth)
    seed = program.runs[0].seed
    batch_BD = data.x_train[: program.batch_size]
    require_sound(bound, program.network_for(data.dims), batch_BD, (seed, seed + 1), data.dtype)
    return _family(bound)


def _bound(brought: BroughtModel, model: Brought, width: int, depth: int) -> BroughtNetwork:
    """Return the network of one size, of an adapted one with adapters of rank `width`."""
    if isinstance(model, Adapted):
        return AdaptedNetwork(brought, model, width, depth)
    return BroughtNetwork(brought, model, width, depth)


def _family(bound: BroughtNetwork) -> FamilyNetwork:
    return FamilyNetwork(bound.apply, bound.runs_per_stack, initial=bound.initial)
