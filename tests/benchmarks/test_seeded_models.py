"""Seeded mistakes: a few of them are found, right plans stay without a finding."""

from __future__ import annotations

import pytest
import torch

from benchmarks.rows.role_bugs import check, is_named
from benchmarks.seeded_models.mistakes import NETWORKS, right, seeded
from benchmarks.seeded_models.networks import BASE
from benchmarks.seeded_models.parametrized import Brought, Plan

CASES = {(case.number.split()[0], case.network): case for case in seeded()}
SHORT = [
    ("2", "lstm"),
    ("6", "tied"),
    ("9", "llama"),
    ("12", "gqa"),
    ("12", "resnet"),
    ("17", "lstm"),
    ("18", "lstm"),
    ("24", "lstm"),
    ("26", "lstm"),
]


@pytest.mark.parametrize("key", SHORT, ids="-".join)
def test_a_seeded_mistake_is_named(key):
    assert is_named(CASES[key], check(CASES[key], seed=11))


@pytest.mark.parametrize("case", [case for case in right() if case.network in ("lstm", "gqa")], ids=str)
def test_a_right_plan_has_no_finding(case):
    assert check(case, seed=12).findings == ()


@pytest.mark.parametrize("network", NETWORKS)
def test_at_the_base_width_every_plan_is_the_right_one(network):
    """Powers of m = 1: a mistake in a power cannot show there, so it is a mistake in a power."""
    plain = Brought(network, "adamw", Plan())
    for case in (
        case for key, case in CASES.items() if key[1] == network and key[0] not in ("12", "15", "16", "29")
    ):
        torch.manual_seed(0)
        expected = list(plain.build(BASE).parameters())
        torch.manual_seed(0)
        found = list(Brought(network, "adamw", case.plan).build(BASE).parameters())
        assert all(torch.equal(one, other) for one, other in zip(expected, found, strict=True))


def test_every_mistake_applies_to_a_network_and_names_its_tensors():
    assert len(CASES) > 100
    assert all(case.wrong for case in CASES.values())
