"""Description of a brought network that a worker announces: its family, and the way its runs train."""

from __future__ import annotations

from enum import StrEnum

from muscope.backend.domain.brought.measured import MeasuredModel
from muscope.backend.domain.brought.rule import RuleLine
from muscope.backend.domain.spec.dataset import DatasetShape, Frozen
from muscope.backend.domain.spec.families.adapted import Adaptable
from muscope.backend.domain.spec.families.brought import Brought


class Stacking(StrEnum):
    """Way in which the runs of a cell train on a CPU, with its reason."""

    STACKED = "stacked"  # as one stack, which is faster up to a width
    SLOWER = "slower"  # one by one: a stack was slower at every width
    REFUSED = "refused"  # one by one: torch's vmap cannot run the network
    DIFFERENT = "different"  # one by one: a stack gave other numbers


class Description(Frozen):
    """A network as a worker has found it.

    Attributes:
        stacking_detail: message of what torch refused; empty otherwise.
        speedup: of a stack over one by one, by width, as measured.
        own_data: sizes of the data that `batches` gives.
        num_parameters: at the narrowest and the widest size that was looked at.
        rule: fields that grow or are replaced, of a Hugging Face configuration.
        measured: what the check of its parametrization has measured; None as long as there is nothing.
        adaptable: its sizes as low-rank adapters see them.
        check_error: error that ended the check, as `as_stored` writes it.
    """

    family: Brought
    stacking: Stacking
    stacking_detail: str = ""
    speedup: tuple[tuple[int, float], ...] = ()
    own_data: DatasetShape
    num_parameters: tuple[int, int]
    rule: tuple[RuleLine, ...] = ()
    measured: MeasuredModel | None = None
    check_error: str | None = None
    adaptable: tuple[Adaptable, ...] = ()
