"""Structure of a pass: what is first, what is last, and which constant factor belongs to which tensor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from torch import Tensor, nn

from muscope.worker.brought.default_loss import main_output
from muscope.worker.brought.graph import reached_back
from muscope.worker.brought.loading import BroughtModel
from muscope.worker.brought.tracing import Factor, Node, Softmax, Trace, Use, UseKind

_MAKES_ACTIVATIONS = (UseKind.CONTRACTION, UseKind.LOOKUP, UseKind.OTHER)


class Attention(NamedTuple):
    """One computation of attention logits: where, of which tensors, entries of a head, factor of q·k."""

    place: str
    tensors: tuple[str, ...]
    head_dim: int
    scale: float


class Placed(NamedTuple):
    """A constant factor with the tensor that it multiplies, None if several; of the output use or not."""

    factor: Factor
    tensor: str | None
    is_of_output: bool


class Pass(NamedTuple):
    """One traced pass: the model's uses in order, the last ones, the attention, the factors, the loss."""

    uses: tuple[Use, ...]
    last: frozenset[int]  # indices of uses
    attention: tuple[Attention, ...]
    factors: tuple[Placed, ...]
    loss: Tensor
    output: Tensor


def run_pass(brought: BroughtModel, model: nn.Module, batch: Any, width: int) -> Pass:
    """Run the loss of a batch under a trace; raises InvalidInput for whatever fails in the user's code."""
    seen: list[Any] = []
    handle = model.register_forward_hook(lambda _module, _inputs, outputs: seen.append(outputs))
    trace = Trace(model)
    try:
        with trace:
            loss = brought.loss(model, batch, width)
    finally:
        handle.remove()
    output = main_output(seen[-1]) if seen else loss
    return _Reading(trace, output).read(loss)


class _Reading:
    """Reading of a trace: positions of its records in the graph."""

    def __init__(self, trace: Trace, output: Tensor) -> None:
        self._trace, self._output = trace, output
        self._uses = [(i, use) for i, use in enumerate(trace.uses) if use.kind in _MAKES_ACTIVATIONS]
        self._use_at: dict[Node, int] = {node: i for i, use in self._uses for node in use.outputs}
        gains = (use for use in trace.uses if use.kind is UseKind.GAIN)
        self._norms = {node for use in gains for node in use.outputs}

    def read(self, loss: Tensor) -> Pass:
        last = frozenset(self._uses_before([self._output.grad_fn]))
        attention, of_attention = self._attention()
        placed = [self._place(f, last) for f in self._trace.factors if f.node not in of_attention]
        return Pass(tuple(self._trace.uses), last, tuple(attention), tuple(placed), loss, self._output)

    def _uses_before(self, start: Iterable[Node]) -> list[int]:
        """Return the indices of the nearest uses before some nodes, in the order of the pass."""
        reached = reached_back(start, set(self._use_at))
        return sorted({self._use_at[node] for node in reached if node in self._use_at})

    def _attention(self) -> tuple[list[Attention], set[Node]]:
        """Return the places of attention, and the nodes of the factors that belong to them."""
        inner = {product.node: product.inner for product in self._trace.products}
        factors = {factor.node: factor.value for factor in self._trace.factors if factor.node is not None}
        found, taken = [], set()
        for softmax in self._trace.softmaxes:
            reached = reached_back(softmax.inputs, set(self._use_at))
            head_dim = softmax.inner or next((inner[node] for node in reached if node in inner), None)
            if head_dim is None:
                continue  # of a router or of classes
            scale = softmax.scale
            for node in reached & set(factors):
                scale *= factors[node]
                taken.add(node)
            found.append(Attention(softmax.place, self._tensors(softmax), head_dim, scale))
        return found, taken

    def _tensors(self, softmax: Softmax) -> tuple[str, ...]:
        if softmax.tensors:
            return softmax.tensors
        return tuple(
            dict.fromkeys(self._trace.uses[index].tensor for index in self._uses_before(softmax.inputs))
        )

    def _place(self, factor: Factor, last: frozenset[int]) -> Placed:
        """Tell whose multiplier a factor is: of the output if nothing is between, else of what it scales."""
        if factor.tensor is not None:
            return Placed(factor, factor.tensor, is_of_output=False)
        behind_output = reached_back([self._output.grad_fn], set(self._use_at))
        for index in last:
            use = self._trace.uses[index]
            before = reached_back(use.inputs, set(self._use_at) | self._norms)
            if factor.node in behind_output or factor.node in before:
                return Placed(factor, use.tensor, is_of_output=True)
        nearest = {self._trace.uses[index].tensor for index in self._uses_before([factor.node])}
        return Placed(factor, nearest.pop() if len(nearest) == 1 else None, is_of_output=False)
