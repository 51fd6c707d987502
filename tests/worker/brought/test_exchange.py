"""Calls with exchanged parameters: torch's functional_call is the reference."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from muscope.worker.brought.training.exchange import ExchangedCall


class Tied(nn.Module):
    """An embedding that is the readout too, a norm with state, an LSTM with its flat list of weights."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(5, 4)
        self.lstm = nn.LSTM(4, 4, batch_first=True)
        self.norm = nn.BatchNorm1d(4)
        self.head = nn.Linear(4, 5)
        self.head.weight = self.embed.weight

    def forward(self, tokens: Tensor) -> Tensor:
        h = self.norm(self.lstm(self.embed(tokens))[0][:, -1])
        return self.head(h)


@pytest.fixture
def model() -> Tied:
    torch.manual_seed(0)
    return Tied().double()


TOKENS = torch.tensor([[0, 1, 2], [3, 4, 0], [2, 2, 1]])


def others(model: nn.Module) -> dict[str, Tensor]:
    """Return other tensors for all that a module has, leaves of a graph."""
    drawn = torch.Generator().manual_seed(1)
    named = dict(model.named_parameters())
    given = {
        name: torch.randn(p.shape, generator=drawn, dtype=p.dtype).requires_grad_()
        for name, p in named.items()
    }
    return given | {name: buffer.clone() for name, buffer in model.named_buffers()}


def test_result_and_gradients_are_those_of_functional_call(model: Tied) -> None:
    given = others(model)
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
    outputs = ExchangedCall(model)(given, TOKENS)
    expected = functional_call(model, given | buffers, (TOKENS,), strict=True)

    torch.testing.assert_close(outputs, expected, rtol=0, atol=0)
    weights = [tensor for tensor in given.values() if tensor.requires_grad]
    sides = [torch.autograd.grad(each.square().sum(), weights) for each in (outputs, expected)]
    torch.testing.assert_close(sides[0], sides[1], rtol=0, atol=0)


def test_the_module_is_afterwards_as_it_was_also_when_it_fails(model: Tied) -> None:
    before = {name: (tensor, tensor.clone()) for name, tensor in model.state_dict(keep_vars=True).items()}
    call = ExchangedCall(model)
    call(others(model), TOKENS)
    with pytest.raises(IndexError):
        call(others(model), TOKENS + 5)

    after = model.state_dict(keep_vars=True)
    assert all(after[name] is tensor for name, (tensor, _) in before.items())
    assert all(torch.equal(after[name], value) for name, (_, value) in before.items())
    assert model.head.weight is model.embed.weight


def test_a_stack_of_parameters_gives_the_result_of_each(model: Tied) -> None:
    network = nn.Sequential(model.embed, nn.Flatten(), nn.Linear(12, 2)).double()
    call = ExchangedCall(network)
    runs = [{name: tensor.detach() for name, tensor in others(network).items()} for _ in range(2)]
    runs[1] = {name: 2 * tensor for name, tensor in runs[1].items()}
    stacked = {name: torch.stack([run[name] for run in runs]) for name in runs[0]}

    outputs = vmap(lambda of_run: call(of_run, TOKENS))(stacked)

    torch.testing.assert_close(outputs, torch.stack([call(run, TOKENS) for run in runs]), rtol=1e-12, atol=0)


@pytest.mark.parametrize("change", [{"head.bias": None}, {"more": torch.zeros(1)}])
def test_names_that_are_not_the_modules_are_refused(model: Tied, change: dict[str, Tensor | None]) -> None:
    given = {name: tensor for name, tensor in (others(model) | change).items() if tensor is not None}

    with pytest.raises(KeyError, match=next(iter(change))):
        ExchangedCall(model)(given, TOKENS)
