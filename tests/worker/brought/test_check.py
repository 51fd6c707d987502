"""The check as a whole: right models pass, and a wrong one fails with the tensor named."""

from __future__ import annotations

import pytest

from muscope.backend.domain.brought.finding import Outcome
from muscope.backend.domain.spec.tensor_role import TensorRole
from muscope.worker.brought.check.sweep import measure
from tests.worker.brought.asking import codes, question, report_of
from tests.worker.brought.toys import GROUPS, NETWORK, write


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "lion", "muon", "adafactor"])
def test_a_usual_network_passes_once_it_has_the_rates_of_its_roles(tmp_path, optimizer):
    report = report_of(write(tmp_path, NETWORK), optimizer=optimizer)

    assert (report.outcome, report.findings, report.is_own_optimizer) == (Outcome.PASSED, (), False)


def test_a_network_with_right_groups_of_its_own_passes(tmp_path):
    report = report_of(write(tmp_path, NETWORK + GROUPS))

    assert (report.outcome, report.findings, report.is_own_optimizer) == (Outcome.PASSED, (), True)


def test_nothing_is_said_to_be_needed_of_a_tensor_that_no_rule_is_known_for(tmp_path):
    biased = NETWORK.replace("nn.Linear(width, 11, bias=False)", "nn.Linear(width, 11)")

    report = report_of(write(tmp_path, biased))

    (bias,) = (each for each in report.tensors if each.role is TensorRole.FIXED)
    assert (bias.name, bias.init.expected, bias.lr.expected) == ("head.bias", None, None)
    assert bias.init.measured == pytest.approx(-0.5, abs=0.3)  # torch draws it with the size of the weights
    assert report.outcome is Outcome.PASSED


KEYS = """

class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.heads = width // 8
        self.q, self.k, self.v = (nn.Linear(width, width) for _ in range(3))

    def forward(self, x):
        drawn = (each(x) for each in (self.q, self.k, self.v))
        q, k, v = (each.unflatten(-1, (self.heads, 8)).transpose(1, 2) for each in drawn)
        return (torch.softmax(q @ k.transpose(-1, -2) * 8**-0.5, -1) @ v).transpose(1, 2).flatten(2)


class Attentive(Net):
    def __init__(self, width):
        super().__init__(width)
        self.attention = Attention(width)

    def forward(self, tokens):
        h = self.embed(tokens)
        return self.head(self.last(h + self.attention(self.norm(h)) + self.down(torch.relu(self.up(h)))))


def build(width):
    return Attentive(width)
"""


def test_the_bias_of_keys_whose_gradient_is_rounding_is_not_judged_by_its_step(tmp_path):
    report = report_of(write(tmp_path, NETWORK + KEYS))

    assert (codes(report), report.outcome) == ({}, Outcome.PASSED)


MISTAKES = {
    "one rate for all": (
        NETWORK + "\ndef optimizer(model, width, lr):\n    return torch.optim.AdamW(model.parameters(), lr)",
        {"up.weight": "lr_constant", "down.weight": "lr_constant"},
    ),
    "the output's default init": (
        NETWORK + GROUPS.replace("mult ** -0.5", "1.0"),
        {"head.weight": "init_falls_too_little"},
    ),
    "the rate of one hidden matrix": (
        NETWORK + GROUPS.replace("model.down.weight, ", ""),
        {"down.weight": "lr_constant"},
    ),
    "a norm in the group of the matrices": (
        NETWORK + GROUPS.replace("{model.up.weight", "{model.norm.weight, model.up.weight"),
        {"norm.weight": "lr_scaled"},
    ),
    "a variance divided twice": (
        NETWORK
        + GROUPS.replace(
            "with torch.no_grad():", "with torch.no_grad():\n        model.down.weight.mul_(mult ** -0.5)"
        ),
        {"down.weight": "init_falls_too_much"},
    ),
    "an output factor on top of small weights": (
        NETWORK.replace("self.head(self.last(h))", "self.head(self.last(h)) / (h.shape[-1] / 16)") + GROUPS,
        {"head.weight": "multiplier_other"},
    ),
    "an embedding times the root of the width": (
        NETWORK.replace("self.embed(tokens)", "self.embed(tokens) * self.head.in_features ** 0.5") + GROUPS,
        {"embed.weight": "multiplier_sqrt"},
    ),
    "a large epsilon": (
        NETWORK + GROUPS.replace("weight_decay=0", "weight_decay=0, eps=1e-2"),
        {"up.weight": "epsilon"},
    ),
    "a forgotten parameter": (
        NETWORK + GROUPS.replace("if p not in scaled", "if p not in scaled | {model.up.bias}"),
        {"up.bias": "in_no_group"},
    ),
    "decay that does not follow": (
        NETWORK + GROUPS.replace("weight_decay=0", "weight_decay=0.1"),
        {"up.weight": "decay_power", "norm.weight": "decay_on_vector"},
    ),
    "a scheduler that sets one rate": (
        NETWORK + GROUPS + "\n\nclass Once:\n    def __init__(self, optimizer):\n"
        "        self.optimizer, self.count = optimizer, 0\n\n"
        "    def step(self):\n        self.count += 1\n        if self.count == 9:\n"
        "            for group in self.optimizer.param_groups:\n                group['lr'] = 0.001\n\n"
        "def scheduler(optimizer):\n    return Once(optimizer)\n",
        {"up.weight": "scheduler_regroups", "head.weight": "scheduler_regroups"},
    ),
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_found_in_its_tensor(tmp_path, text, expected):
    report = report_of(write(tmp_path, text))

    found = codes(report)
    assert {name: found.get(name) for name in expected} == expected
    assert report.outcome is Outcome.FAILED


@pytest.mark.parametrize("place", ["self.embed(tokens)", "self.head(self.last(h))"])
def test_what_only_the_pass_shows_is_found_in_the_activations(tmp_path, place):
    """Factors that are no constants to look at: buffers with an entry for each channel."""
    size = "width" if "embed" in place else "11"
    buffer = f"self.register_buffer('boost', torch.full(({size},), width ** 0.6))\n        self.norm = "
    text = NETWORK.replace("self.norm = ", buffer).replace(place, f"{place} * self.boost")

    report = report_of(write(tmp_path, text))

    assert report.outcome is Outcome.FAILED
    assert {finding.code for finding in report.findings} <= {"activation_start", "activation_change"}


def test_a_check_leaves_the_same_numbers_when_it_is_asked_again(tmp_path):
    asked = question(write(tmp_path, NETWORK + GROUPS))

    assert measure(asked) == measure(asked)


OWN_RULES = {
    "Muon at one rate in AdamW's size": (
        'torch.optim.Muon(matrices, lr, weight_decay=0, adjust_lr_fn="match_rms_adamw")',
        "lr_constant",
    ),
    "Muon at the root of the width": (
        'torch.optim.Muon(matrices, lr * mult ** -0.5, weight_decay=0, adjust_lr_fn="match_rms_adamw")',
        None,
    ),
    "Muon in its first form, whose factor is 1 for every width": (
        'torch.optim.Muon(matrices, lr, weight_decay=0.1, adjust_lr_fn="original")',
        None,
    ),
    "Adafactor at one rate": ("torch.optim.Adafactor(matrices, lr, weight_decay=0)", "lr_constant"),
    "Adafactor at the root of the width": (
        "torch.optim.Adafactor(matrices, lr * mult ** -0.5, weight_decay=0)",
        None,
    ),
}


@pytest.mark.parametrize("case", OWN_RULES)
def test_the_rate_of_an_own_optimizer_is_read_from_its_steps(tmp_path, case):
    call, expected = OWN_RULES[case]
    own = f"""

def optimizer(model, width, lr):
    mult, matrices = width / 16, [model.up.weight, model.down.weight]
    return {call}
"""

    report = report_of(write(tmp_path, NETWORK + own))

    found = codes(report)
    assert (found.get("up.weight"), found.get("down.weight")) == (expected, expected)
    assert found["embed.weight"] == "in_no_group"
