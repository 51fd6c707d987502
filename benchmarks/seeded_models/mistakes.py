"""Mistakes as the field makes them, each as a change of a right plan with the tensors that are then wrong.

Numbers are those of the design's list of 31. Not here: Lion (28), of which torch has none, and those of the
role inference itself (30), which tests hold. Torch's Muon takes no convolutions, so the ResNet is without it.
A mistake is found if one of the tensors that it makes wrong is named; where it makes several wrong, each must
be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from benchmarks.seeded_models.networks import Forward, build
from benchmarks.seeded_models.parametrized import Plan, kind_of

NETWORKS = ("resnet", "llama", "lstm", "gqa", "tied")
WITH_MUON = ("llama", "lstm", "gqa", "tied")


class Seeded(NamedTuple):
    """One mistake in one network: plan, and groups of tensors of which each must be named at least once."""

    number: str
    network: str
    optimizer: str
    plan: Plan
    wrong: tuple[frozenset[str], ...]

    @property
    def affects_all(self) -> bool:
        """Tell whether tensors beyond the named ones are wrong too."""
        return self.number.startswith(("16 ", "18 "))


class _Names(NamedTuple):
    """Names of a network's tensors by kind."""

    hidden: list[str]
    inputs: list[str]
    outputs: list[str]
    norms: list[str]
    biases: list[str]
    one: str  # a matrix deep inside, and wider at its entry if the network has such a one
    queries: list[str]


def seeded() -> Iterator[Seeded]:
    """Yield every mistake in every network where it applies."""
    for network in NETWORKS:
        names = _names(network)
        yield from _under_adamw(network, names)
        yield from _under_sgd(network, names)
        yield from _under_adafactor(network, names)
        if network in WITH_MUON:
            yield from _under_muon(network, names)


def right() -> Iterator[Seeded]:
    """Yield the right plans."""
    for network in NETWORKS:
        for optimizer in ("adamw", "sgd", "adafactor", *(("muon",) if network in WITH_MUON else ())):
            yield Seeded("right", network, optimizer, Plan(), ())


def _under_adamw(network: str, names: _Names) -> Iterator[Seeded]:
    right, forward = Plan(), Forward()
    is_tied = network == "tied"

    def case(number: str, plan: Plan, wrong: Iterable[str]) -> Seeded:
        return Seeded(number, network, "adamw", plan, tuple(frozenset({name}) for name in wrong))

    yield case("1 lr of hidden not /m", right.changed(lr=dict.fromkeys(names.hidden, 1.0)), names.hidden)
    yield case("2 lr of one not /m", right.changed(lr={names.one: 1.0}), [names.one])
    yield case("3 lr of hidden /√m", right.changed(lr=dict.fromkeys(names.hidden, 0.5)), names.hidden)
    yield case("4 lr of input /m", right.changed(lr=dict.fromkeys(names.inputs, -1.0)), names.inputs)
    if not is_tied:
        yield case("5 lr of output /m", right.changed(lr=dict.fromkeys(names.outputs, -1.0)), names.outputs)
        yield case("7 output rescaled", right.changed(init=dict.fromkeys(names.outputs, 0.5)), names.outputs)
    outputs = names.inputs if is_tied else names.outputs
    yield case("6 output 1/√m", right.changed(forward=replace(forward, output=-0.5)), outputs)
    yield case("8 output factor missing", right.changed(forward=replace(forward, output=0.0)), outputs)
    yield case("10 constant std", right.changed(init=dict.fromkeys(names.hidden, 0.5)), names.hidden)
    yield case("11 std 1/m", right.changed(init=dict.fromkeys(names.hidden, -0.5)), names.hidden)
    yield case("12 fan-out", right.changed(fan_out=frozenset({names.one})), [names.one])
    yield case("13 input std /√m", right.changed(init=dict.fromkeys(names.inputs, -0.5)), names.inputs)
    vectors = names.norms + names.biases
    yield case("14 lr of vectors /m", right.changed(lr=dict.fromkeys(vectors, -1.0)), vectors)
    yield case("15 decay on vectors", right.changed(decayed=frozenset(vectors)), vectors)
    yield case("16 large ε", right.changed(epsilon=1e-2), [names.one])
    yield case("17 decay not *m", right.changed(follows_decay=False), names.hidden)
    yield case("18 scheduler overwrites", right.changed(overwrite_at=7), names.hidden)
    if is_tied:
        yield case("19 tied rescaled √m", right.changed(init=dict.fromkeys(names.inputs, 0.5)), names.inputs)
    yield case("22 input times √m", right.changed(forward=replace(forward, embedding=0.5)), names.inputs)
    if names.biases:
        name = names.biases[0]
        yield case("21 bias √m", right.changed(init={name: 0.5}), [name])
    yield case("29 in no group", right.changed(left_out=frozenset({names.one})), [names.one])
    yield from _of_attention(network, names)


def _of_attention(network: str, names: _Names) -> Iterator[Seeded]:
    if not names.queries:
        return
    yield Seeded(
        "20 lr of queries not /m",
        network,
        "adamw",
        Plan(lr=dict.fromkeys(names.queries, 1.0)),
        tuple(frozenset({name}) for name in names.queries),
    )
    of_logits = [frozenset({name, name.replace("q_proj", "k_proj")}) for name in names.queries]
    plan = Plan(forward=Forward(attention=-0.5))
    yield Seeded("9 attention 1/√d", network, "adamw", plan, tuple(of_logits))


def _under_sgd(network: str, names: _Names) -> Iterator[Seeded]:
    def case(number: str, plan: Plan, wrong: list[str]) -> Seeded:
        return Seeded(number, network, "sgd", plan, tuple(frozenset({name}) for name in wrong))

    rest = [*names.inputs, *names.outputs, *names.norms, *names.biases]
    yield case("23 lr constant", Plan(lr=dict.fromkeys(rest, -1.0)), rest)
    yield case("24 Adam's 1/m", Plan(lr=dict.fromkeys(names.hidden, -1.0)), names.hidden)


def _under_adafactor(network: str, names: _Names) -> Iterator[Seeded]:
    plan = Plan(lr=dict.fromkeys(names.hidden, 0.5))
    wrong = tuple(frozenset({name}) for name in names.hidden)
    yield Seeded("28 Adafactor's lr constant", network, "adafactor", plan, wrong)


def _under_muon(network: str, names: _Names) -> Iterator[Seeded]:
    def case(number: str, plan: Plan, wrong: list[str]) -> Seeded:
        return Seeded(number, network, "muon", plan, tuple(frozenset({name}) for name in wrong))

    hidden, ends = names.hidden, [*names.inputs, *names.outputs]
    yield case("25 Muon in AdamW's size, constant", Plan(lr=dict.fromkeys(hidden, 0.5)), hidden)
    plan = Plan(lr=dict.fromkeys(hidden, -1.0), muon_scale="original")
    yield case("26 Muon in its own size, /m", plan, hidden)
    # An input kept as [width, numbers] gets from √(outputs/inputs) what it needs; a table of rows does not.
    wrong = names.outputs if network == "lstm" else ends
    plan = Plan(muon_scale="original", also_muon=frozenset(ends))
    yield case("27 Muon on input and output", plan, wrong)


def _names(network: str) -> _Names:
    shapes = {name: tuple(p.shape) for name, p in build(network, 16, Forward()).named_parameters()}

    def of(kind: str, test: Callable[[str], bool] = lambda _: True) -> list[str]:
        return [name for name in shapes if kind_of(network, name) == kind and test(name)]

    hidden = of("hidden")
    unequal = [name for name in hidden if len(set(shapes[name][:2])) > 1 and "1" in name]
    return _Names(
        hidden,
        of("input"),
        of("output"),
        of("vector", lambda name: "norm" in name and "weight" in name),
        [name for name in of("vector", lambda name: "norm" not in name) if shapes[name][0] >= 16],
        (unequal or hidden)[-1],
        [name for name in hidden if "q_proj" in name],
    )
