"""From a tuned base on: an arm that is judged, the control, and a probe of a longer horizon."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from backend.domain.experiment import base_size, sizes_on
from backend.domain.metrics import Metric
from backend.domain.protocol.arms import Arm, ArmState, dearness, tune
from backend.domain.protocol.exploration import Site, Wish, wider
from backend.domain.size import Axis, Size, axis_of

# So many seeds, or as many as the rules ask for, compare sharpness and are the control's first look.
FEW_SEEDS = 3


def climb(arm: Arm) -> ArmState:
    """Judge size after size, cheapest first: width beside depth, then both at once. A failure ends it."""
    if (state := tune(arm)) is not None:
        return state
    wishes: list[Wish] = []
    left: list[Size] = []
    for chain in _chains(arm):
        if left:
            break  # what grows both ways waits for what grows one way
        for sizes in chain:
            found, remaining, is_failing = _climb_chain(arm, sizes)
            if is_failing:
                return ArmState(is_ended=True, is_failing=True, has_left_out=_has_left_out(arm))
            wishes += found
            left += remaining
    return ArmState(tuple(wishes), is_ended=not left)


def _chains(arm: Arm) -> tuple[list[list[Size]], list[list[Size]]]:
    base = base_size(arm.spec)
    by_axis = {axis: [size for size in arm.larger if axis_of(size, base) is axis] for axis in Axis}
    return [by_axis[Axis.WIDTH], by_axis[Axis.DEPTH]], [by_axis[Axis.BOTH]]


def _climb_chain(arm: Arm, sizes: list[Size]) -> tuple[list[Wish], list[Size], bool]:
    """Return what to plan, which sizes are not judged yet, and whether one is proven to fail."""
    for place, size in enumerate(sizes):
        site, seeds, look = arm.site(size), arm.spec.seeds, arm.site(size).evidence.look
        if site.evidence.open:
            return [], sizes[place:], False
        if wish := _first_window(arm, site, seeds):
            return [wish], sizes[place:], False
        best = look.best_of_seeds.union(_judged_best(arm, site))
        more = frozenset() if look.fails_early else wider(site, best, seeds)
        if look.fails_early or (look.fails and not more):
            return [], [], True
        if more:
            return [site.wish(more, seeds)], sizes[place:], False
    return [], [], False


def _first_window(arm: Arm, site: Site, seeds: tuple[int, ...]) -> Wish | None:
    """Return what the reused LRs' window lacks; sharpness is measured where it is compared, for few seeds."""
    wanted, curved = (
        arm.grid.around_all(arm.reused().values()),
        arm.site(base_size(arm.spec)).evidence.look.curvature_lr,
    )
    if not arm.has_curvature or curved is None:
        lacking = wanted - site.tried(seeds)
        return site.wish(lacking, seeds) if lacking else None
    lacking = (wanted | {curved}) - site.tried(seeds)
    return site.wish(lacking, seeds, [(curved, seed) for seed in _few(arm)]) if lacking else None


def _few(arm: Arm) -> tuple[int, ...]:
    return arm.spec.seeds[: max(FEW_SEEDS, arm.spec.thresholds.min_seeds)]


def _judged_best(arm: Arm, site: Site) -> list[int]:
    """Return the best LRs at a size, of the losses that can be judged from the base."""
    return [index for loss, index in site.evidence.look.best.items() if loss in arm.reused()]


def _has_left_out(arm: Arm) -> bool:
    return any(not arm.site(size).evidence.finished for size in arm.larger)


def check_control(arm: Arm) -> ArmState:
    """Go from the base straight to the largest size of every axis: few seeds, the rest only if undecided."""
    if (state := tune(arm)) is not None:
        return state
    sites = [arm.site(size) for size in _largest(arm)]
    wishes = [(site, _next_of_control(arm, site)) for site in sites]
    is_ended = not any(wish is not None or site.evidence.open for site, wish in wishes)
    return ArmState(tuple(wish for _, wish in wishes if wish is not None), is_ended=is_ended)


def _largest(arm: Arm) -> Iterable[Size]:
    base = base_size(arm.spec)
    for axis in Axis:
        sizes = [size for size in sizes_on(arm.spec, axis) if axis_of(size, base) is axis]
        if sizes:
            yield max(sizes, key=dearness)


def _next_of_control(arm: Arm, site: Site) -> Wish | None:
    seeds, look = arm.spec.seeds, site.evidence.look
    few = _few(arm)
    if site.evidence.open:
        return None
    has_all = bool(site.tried(seeds))
    if (wish := _first_window(arm, site, few)) or (look.fails_early and not has_all):
        return wish
    more = wider(site, _judged_best(arm, site), few)
    if more:
        return site.wish(more, seeds if has_all else few)
    undecided = site.tried(few) - site.tried(seeds) if look.best else frozenset()
    return site.wish(undecided, seeds) if undecided else None


def probe(arm: Arm, reference: Mapping[Metric, int] | None) -> ArmState:
    """Try the base alone around the LRs that are best under the horizon that is judged; None: anywhere."""
    base, seeds = arm.site(base_size(arm.spec)), arm.spec.seeds
    if base.evidence.open:
        return ArmState()
    first = arm.grid.coarse() if reference is None else arm.grid.around_all(reference.values())
    lacking = first - base.tried(seeds) or wider(base, base.evidence.look.best.values(), seeds)
    return ArmState((base.wish(lacking, seeds),)) if lacking else ArmState(is_ended=True)
