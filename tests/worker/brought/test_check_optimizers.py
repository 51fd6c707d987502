"""The check of a model that several optimizers train together, each with a scheduler of its own."""

from __future__ import annotations

import pytest

from muscope.backend.domain.brought.finding import Outcome
from muscope.backend.errors import InvalidInput
from tests.worker.brought.asking import codes, report_of
from tests.worker.brought.toys import NETWORK, write

TWO = """

def optimizer(model, width, lr):
    mult, matrices = width / 16, {model.up.weight, model.down.weight}
    with torch.no_grad():
        model.head.weight.mul_(mult ** -0.5)
    rest = [p for p in model.parameters() if p not in matrices | {model.head.weight}]
    muon = torch.optim.Muon(
        [p for p in model.parameters() if p in matrices],
        lr * mult ** -0.5,
        weight_decay=0,
        adjust_lr_fn="match_rms_adamw",
    )
    head = {"params": [model.head.weight], "lr": lr / mult}
    return [muon, torch.optim.AdamW([{"params": rest}, head], lr, weight_decay=0)]


def scheduler(optimizers):
    return [torch.optim.lr_scheduler.LinearLR(each, 0.5, total_iters=4) for each in optimizers]
"""
ONE_RATE = """
    for each in optimizers:
        for group in each.param_groups:
            group["next"] = 0.001

    class Once:
        def step(self):
            for group in optimizers[0].param_groups:
                group["lr"] = group["next"]

    return [torch.optim.lr_scheduler.ConstantLR(optimizers[1], 1.0), Once()]
"""
MISTAKES = {
    "a matrix in none": (
        TWO.replace("if p in matrices]", "if p is model.up.weight]"),
        {"down.weight": "in_no_group"},
    ),
    "a matrix in both": (
        TWO.replace("matrices | {model.head.weight}]", "{model.up.weight, model.head.weight}]"),
        {"down.weight": "in_two_groups"},
    ),
    "Muon's rate of all widths": (
        TWO.replace("lr * mult ** -0.5", "lr"),
        {"up.weight": "lr_constant", "down.weight": "lr_constant"},
    ),
    "AdamW's rate of the output": (TWO.replace("lr / mult", "lr"), {"head.weight": "lr_constant"}),
    "a matrix of AdamW at its rate for vectors": (
        TWO.replace("{model.up.weight, model.down.weight}", "{model.up.weight}"),
        {"down.weight": "lr_constant"},
    ),
    "a scheduler that sets Muon's rate": (
        TWO.partition("    return [torch.optim.lr_scheduler")[0] + ONE_RATE,
        {"up.weight": "scheduler_regroups", "down.weight": "scheduler_regroups"},
    ),
}


def test_muon_and_adamw_with_right_rates_pass(tmp_path):
    report = report_of(write(tmp_path, NETWORK + TWO))

    assert (report.outcome, report.findings, report.optimizer) == (Outcome.PASSED, (), "Muon + AdamW")


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_in_one_of_two_optimizers_names_its_tensors_and_no_others(tmp_path, case):
    text, expected = MISTAKES[case]

    report = report_of(write(tmp_path, NETWORK + text))

    assert (report.outcome, codes(report)) == (Outcome.FAILED, expected)


def test_sgd_of_the_embedding_beside_adamw_is_judged_by_its_own_rule(tmp_path):
    """Under SGD an embedding takes m times the LR, which would be too much under AdamW."""
    beside = TWO.replace("| {model.head.weight}]", "| {model.head.weight, model.embed.weight}]").replace(
        "return [muon,", "return [muon, torch.optim.SGD([model.embed.weight], 0.1 * mult),"
    )

    report = report_of(write(tmp_path, NETWORK + beside))

    assert (report.outcome, codes(report)) == (Outcome.PASSED, {})


@pytest.mark.parametrize(
    ("returned", "given"), [("[]", "empty list"), ("[muon, 3]", "int"), ("{'muon': muon}", "dict")]
)
def test_what_is_no_list_of_optimizers_is_refused(tmp_path, returned, given):
    text = TWO.replace(
        'return [muon, torch.optim.AdamW([{"params": rest}, head], lr, weight_decay=0)]', f"return {returned}"
    )

    with pytest.raises(InvalidInput) as refused:
        report_of(write(tmp_path, NETWORK + text))

    assert (refused.value.code, refused.value.params) == ("brought.not_an_optimizer", {"given": given})


def test_a_scheduler_without_a_step_is_refused(tmp_path):
    text = TWO.partition("    return [torch.optim.lr_scheduler")[0] + "    return [0.1]\n"

    with pytest.raises(InvalidInput) as refused:
        report_of(write(tmp_path, NETWORK + text))

    assert (refused.value.code, refused.value.params) == ("brought.not_a_scheduler", {"given": "float"})
