"""A brought network as a family of the trainer."""

from __future__ import annotations

from muscope.backend.domain.spec.families.brought import Brought
from muscope.worker.brought.loading import BroughtModel
from muscope.worker.brought.training.network import BroughtNetwork
from muscope.worker.numerics.families import FamilyNetwork


def brought_family(brought: BroughtModel, model: Brought, width: int, depth: int) -> FamilyNetwork:
    """Return how the network of one size computes; raises InvalidInput for whatever fails in the file."""
    network = BroughtNetwork(brought, model, width, depth)
    return FamilyNetwork(network.apply, model.runs_per_stack, initial=network.initial)
