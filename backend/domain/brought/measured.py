"""Measurements of a brought model: plain numbers, judged in `muscope.backend.analysis.model_check`.

Legend: W widths, S seeds, E events of the scheduler. NaN cannot be written to JSON: None stands for it.
"""

from __future__ import annotations

from muscope.backend.domain.brought.rule import RuleLine
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.tensor_role import Layout, TensorRole, layout_of

Number = float | None
BySeed = tuple[tuple[Number, ...], ...]  # [S][W]
ByWidth = tuple[Number, ...]  # [W]


class TensorRow(Frozen):
    """One tensor of the role table.

    Attributes:
        shapes: by width, [W].
        growing: its dimensions that are proportional to the width.
        question: code of what must be asked, for the role `UNKNOWN`.
        tied: other names of the same tensor.
        summed: its dimensions that a contraction sums over.
        fan_in, fan_out: numbers of entries that are summed over, and that are produced, at the base width.
    """

    name: str
    shapes: tuple[tuple[int, ...], ...]
    role: TensorRole
    growing: tuple[int, ...] = ()
    question: str | None = None
    tied: tuple[str, ...] = ()
    summed: tuple[int, ...] = ()
    fan_in: int = 0
    fan_out: int = 0

    @property
    def is_matrix(self) -> bool:
        """Tell whether it can be read as one matrix, its first dimension against the others."""
        return layout_of(len(self.shapes[0]), self.summed) is not Layout.NO_MATRIX


class TensorMeasures(Frozen):
    """Sizes of one tensor.

    Attributes:
        optimizer: the one that moves it, where a model has several; None for the model's.
        initial_rms: root mean square of the initial entries, [S][W].
        step_lr: LR that the first update with a gradient had in fact, [S][W].
        update_rms: rms of the first update and of all of them, [S][W] each.
        epsilon_share: Adam's ε over the median size of a gradient entry, [S][W].
        group_lr, group_decay: what the optimizer's group holds before the first step, [W].
        num_groups: groups of the optimizer that hold it, [W].
        scheduled_lr: the group's LR after every event of the scheduler, [E][W].
        is_trained: requires a gradient.
        multiplier: product of the constant factors in front of it or behind it, [W].
        output_multiplier: the same where a tied tensor is the output, [W].
    """

    name: str
    initial_rms: BySeed
    step_lr: BySeed
    update_rms: BySeed
    total_update_rms: BySeed
    epsilon_share: BySeed
    group_lr: ByWidth
    group_decay: ByWidth
    num_groups: tuple[int, ...]
    scheduled_lr: tuple[ByWidth, ...] = ()
    is_trained: bool = True
    multiplier: ByWidth = ()
    output_multiplier: ByWidth = ()
    optimizer: OptimizerSpec | None = None


class ActivationMeasures(Frozen):
    """Outputs of the operation that uses a tensor, in the order of the forward pass: rms at the start, and
    rms of their change after the first and after the last update, [S][W] each.
    """

    tensor: str
    initial: BySeed
    first_change: BySeed
    last_change: BySeed


class AttentionSite(Frozen):
    """A place that computes attention logits, `file:line`: size of a head and factor of q·k, [W] each."""

    place: str
    tensors: tuple[str, ...]
    head_dim: tuple[int, ...]
    scale: ByWidth


class FactorSite(Frozen):
    """A place that multiplies activations by a constant, `file:line`: the factor, [W].

    `tensor` is the tensor whose multiplier it is; None where it acts on several.
    """

    place: str
    factor: ByWidth
    tensor: str | None = None


class MeasuredModel(Frozen):
    """Everything that was measured of one model."""

    widths: tuple[int, ...]
    optimizer: OptimizerSpec
    is_own_optimizer: bool
    optimizer_name: str
    is_known_optimizer: bool
    rows: tuple[TensorRow, ...]
    tensors: tuple[TensorMeasures, ...]
    activations: tuple[ActivationMeasures, ...]
    attention: tuple[AttentionSite, ...]
    factors: tuple[FactorSite, ...]
    loss: BySeed
    conflicts: tuple[tuple[str, str, str], ...] = ()  # tensor, role of the recipe, role inferred
    rule: tuple[RuleLine, ...] = ()  # of a Hugging Face configuration
