"""Conv net, ViT and GPT with sharpness along training against their user loops, as they come and tuned."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from benchmarks import family_cells as cells
from benchmarks.family_cells import OurTurns, Split
from benchmarks.peer import Peer
from benchmarks.report import RowResult
from benchmarks.timing import one_core
from muscope.worker.numerics.trainer import train

# Turns a side, by width.
WIDTHS = {"conv": {16: 9, 64: 5, 256: 2}, "vit": {64: 5, 128: 3, 256: 2}, "gpt": {64: 9, 128: 5, 256: 2}}
GOALS = {"conv": (6.0, 4.0), "vit": (3.0, 1.5), "gpt": (3.0, 1.5)}
# Exact values cost more than what they judge: narrow nets, and fewer samples for attention.
JUDGED = {"conv": (16, 32), "vit": (32, 8), "gpt": (32, 8)}
JUDGED_LRS, JUDGED_TURNS = cells.LRS[1::2], 6


class Measurement(NamedTuple):
    """Seconds of a width: the mean turn of ours, of the loop as it comes, and of the tuned one.

    `products` are Hessian-vector products a value, of ours and of PyHessian.
    """

    ours: Split
    default: Split
    tuned: Split
    products: tuple[float, float]

    @property
    def ratios(self) -> tuple[float, float]:
        """Ratios of the loops' seconds to ours."""
        ours = sum(self.ours)
        return sum(self.default) / ours, sum(self.tuned) / ours


def families() -> RowResult:
    """Compare ten steps and a sharpness value of a run of a cell with the same in the user loop."""
    table = [
        ["family, width", "runs", "ours, ms", "loop, ms", "tuned loop, ms", "HVPs a value", "ratios", "goals"]
    ]
    values, notes, met = [], [], True
    with one_core(), TemporaryDirectory() as folder, Peer("family_loop", threads=1) as peer:
        for family, widths in WIDTHS.items():
            worst = np.array([np.inf, np.inf])
            for width, turns in widths.items():
                num_runs, measured = _measure(peer, folder, family, width, turns)
                worst = np.minimum(worst, measured.ratios)
                table.append(_row(family, width, num_runs, measured))
            ours, theirs = _our_p95(family), _their_p95(peer, folder, family)
            values.append(f"{family}={worst[0]:.1f}/{worst[1]:.1f}")
            width, samples = JUDGED[family]
            notes.append(
                f"{family}: p95 relative error of {JUDGED_TURNS * len(JUDGED_LRS)} sharpness values, width "
                f"{width}, {samples} examples: ours {ours:.1e}, PyHessian {theirs:.1e}."
            )
            met &= bool((worst >= GOALS[family]).all()) and ours <= theirs
    goals = ";".join(f"{family}={goal:g}/{tuned:g}" for family, (goal, tuned) in GOALS.items())
    return RowResult(";".join(values), goals, met, table, [*_conditions(), *notes])


def _measure(peer: Peer, folder: str, family: str, width: int, num_turns: int) -> tuple[int, Measurement]:
    """Take turns and return how many runs ours trained, and the mean turns."""
    cell = cells.share_of(family, width, num_turns)
    mine = OurTurns(cell, cells.data_of(family))
    path = cells.save_data(family, cell.sharpness_batch_size, folder)
    default, tuned = (_TheirTurns(peer, path, family, width, is_tuned=is_tuned) for is_tuned in (False, True))
    turns = []
    for _ in range(num_turns):
        turns.append(mine())
        default()
        tuned()
    # Both take the same number of products but for the random starts: the mean of both is the steadier one.
    products = float(np.mean(default.products + tuned.products))
    both = float(np.mean(mine.num_products)), products
    means = mine.in_a_long_run(turns), default.mean(products), tuned.mean(products)
    return len(cell.runs), Measurement(*means, both)


class _TheirTurns:
    """Sampled run in the user loop, its first steps done."""

    def __init__(self, peer: Peer, path: str, family: str, width: int, *, is_tuned: bool) -> None:
        self._peer = peer
        self._name = _begin(peer, path, family, width, cells.SAMPLED_LR, is_tuned=is_tuned)
        peer.ask(do="warm_up", name=self._name, steps=cells.EVERY)
        self._turns: list[Split] = []
        self.products: list[int] = []

    def __call__(self) -> None:
        """Measure and take ten steps."""
        answer = self._peer.ask(do="advance", name=self._name, steps=cells.EVERY, exact=False)
        self._turns.append(Split(answer["steps"], answer["value"]))
        self.products.append(answer["products"])

    def mean(self, num_products: float) -> Split:
        """Return the mean turn with values of `num_products`."""
        steps, value = cells.mean_of(self._turns)
        return Split(steps, value * num_products / float(np.mean(self.products)))


def _begin(peer: Peer, path: str, family: str, width: int, lr: float, *, is_tuned: bool) -> str:
    setting, name = cells.SETTINGS[family], "tuned" if is_tuned else "default"
    peer.ask(
        do="begin",
        name=name,
        data=path,
        family=family,
        width=width,
        depth=setting.depth,
        lr=lr,
        seed=cells.SAMPLED_SEED,
        batch=setting.batch,
        tuned=is_tuned,
    )
    return name


def _our_p95(family: str) -> float:
    width, samples = JUDGED[family]
    runs = JUDGED_LRS, (cells.SAMPLED_SEED,)
    judged = cells.program(family, width, JUDGED_TURNS - 2, *runs, sharpness_batch_size=samples)
    with cells.watching_measurements(with_exact=True) as seen:
        for _ in train(judged, cells.data_of(family)):
            pass
    return float(np.quantile(cells.errors(seen.value, seen.exact), 0.95))


def _their_p95(peer: Peer, folder: str, family: str) -> float:
    width, samples = JUDGED[family]
    path = cells.save_data(family, samples, folder)
    answers = []
    for lr in JUDGED_LRS:
        name = _begin(peer, path, family, width, lr, is_tuned=False)
        answers += [
            peer.ask(do="advance", name=name, steps=cells.EVERY, exact=True) for _ in range(JUDGED_TURNS)
        ]
    value, exact = ([float(answer[key]) for answer in answers] for key in ("sharpness", "exact"))
    return float(np.quantile(cells.errors(value, exact), 0.95))


def _row(family: str, width: int, num_runs: int, measured: Measurement) -> list[str]:
    sides = [f"{1e3 * side.steps:.0f} + {1e3 * side.value:.0f}" for side in measured[:3]]
    products = " / ".join(f"{count:.1f}" for count in measured.products)
    ratios = " / ".join(f"{ratio:.2f}" for ratio in measured.ratios)
    goals = " / ".join(f"{goal:g}" for goal in GOALS[family])
    return [f"{family}, {width}", str(num_runs), *sides, products, ratios, goals]


def _conditions() -> list[str]:
    settings = cells.SETTINGS.items()
    sizes = "; ".join(f"{name} {s.batch}, {s.samples}, {s.depth}" for name, s in settings)
    return [
        "Processor milliseconds of a run: ten steps + one sharpness value, one thread each on one core. "
        "Means of 2 to 9 turns in alternation over the first steps of training; of ours every eighth value "
        "counts as cold, as in a run of 300 steps. µP and SGD (`mup`), PyHessian at its defaults; seconds a "
        "product are each loop's own, their number the mean of both.",
        "Runs: how many of the cell's twelve ours trained. One by one, as it trains some, that is one, the "
        f"loop's run (LR {cells.SAMPLED_LR}, seed {cells.SAMPLED_SEED}). The loop does not "
        f"validate, ours does on {cells.NUM_VALIDATED} examples.",
        f"Images 32 × 32 × 3, text 64 bytes. Batch, examples of a sharpness value, depth: {sizes}.",
        "Tuned: channels-last (conv); oneDNN products and math attention (ViT, GPT). Value: the worst width.",
    ]
