"""Strata of an axis: which columns are held fixed while one is varied, and what cannot be held.

A column is held where curves exist that differ in the axis and in nothing else. Parts of a size (width,
depth, heads) vary with it by nature; anything else that varies only together with the axis is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from muscope.backend.sweeps.measures.curves import Curve
from muscope.backend.sweeps.reading.roles import ColumnRole
from muscope.backend.sweeps.reading.runs import Level

SHAPE_AXES = (ColumnRole.SIZE, ColumnRole.WIDTH, ColumnRole.DEPTH)
LENGTH_AXES = (ColumnRole.STEPS, ColumnRole.TOKENS)


@dataclass(frozen=True)
class Stratum:
    """Curves that differ in one axis, by its values in ascending order.

    Attributes:
        held: levels of the columns that are the same for all of them.
        loose: columns that differ along the axis and could not be held.
    """

    held: dict[str, Level]
    curves: dict[Level, Curve]
    loose: tuple[str, ...] = ()


@dataclass(frozen=True)
class Columns:
    """Columns of a table that may vary: ordered axes, parts of the shape, conditions."""

    axes: tuple[str, ...]
    shape: tuple[str, ...]
    conditions: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return all of them."""
        return (*self.axes, *self.shape, *self.conditions)


def varied(curves: Sequence[Curve], names: Sequence[str]) -> list[str]:
    """Return the columns with more than one level among the curves."""
    return [name for name in names if len({curve.levels[name] for curve in curves}) > 1]


def follows(curves: Sequence[Curve], name: str, *others: str) -> bool:
    """Return whether a column's level is determined by those of the others."""
    seen: dict[tuple[Level, ...], Level] = {}
    return all(
        seen.setdefault(tuple(curve.levels[other] for other in others), curve.levels[name])
        == curve.levels[name]
        for curve in curves
    )


def axes_of(curves: Sequence[Curve], columns: Columns) -> list[str]:
    """Return the ordered axes to answer: those varied, without one that only repeats another.

    The size repeats a width or depth it is determined by, where the other of the two is fixed; steps repeat
    the tokens.
    """
    found = [name for name in columns.axes if len({curve.levels[name] for curve in curves}) > 1]
    if ColumnRole.STEPS in found and ColumnRole.TOKENS in found:
        found.remove(ColumnRole.STEPS)
    parts = [name for name in found if name in (ColumnRole.WIDTH, ColumnRole.DEPTH)]
    if ColumnRole.SIZE in found and len(parts) == 1:
        (part,) = parts
        if follows(curves, ColumnRole.SIZE, part) and follows(curves, part, ColumnRole.SIZE):
            found.remove(ColumnRole.SIZE)
    return found


def strata_of(curves: Sequence[Curve], axis: str, columns: Columns) -> list[Stratum]:
    """Return the strata of an axis, each with at least two of its values."""
    varying = varied(curves, columns.names)
    held = [name for name in varying if name not in _implied(curves, axis, columns)]
    strata = _grouped(curves, axis, held, ())
    covered = {value for stratum in strata for value in stratum.curves}
    if axis not in columns.axes:
        return strata
    return strata + _loosened(curves, axis, held, columns, covered)


def _implied(curves: Sequence[Curve], axis: str, columns: Columns) -> set[str]:
    """Return the columns that need not be held: the axis, and other descriptions of the same thing."""
    implied = {axis}
    if axis in SHAPE_AXES:
        implied |= set(columns.shape)
        implied |= {ColumnRole.WIDTH, ColumnRole.DEPTH} if axis == ColumnRole.SIZE else {ColumnRole.SIZE}
    else:
        implied |= {name for name in columns.shape if follows(curves, name, *_shape_axes(columns))}
        if ColumnRole.SIZE in columns.axes:
            implied |= {
                name
                for name in (ColumnRole.WIDTH, ColumnRole.DEPTH)
                if name in columns.axes and follows(curves, name, ColumnRole.SIZE)
            }
    if axis in LENGTH_AXES:
        implied |= set(LENGTH_AXES)
    elif ColumnRole.TOKENS in columns.axes:
        implied.add(ColumnRole.STEPS)
    return implied


def _shape_axes(columns: Columns) -> list[str]:
    return [name for name in SHAPE_AXES if name in columns.axes]


def _grouped(
    curves: Sequence[Curve], axis: str, held: Sequence[str], loose: tuple[str, ...]
) -> list[Stratum]:
    groups: dict[tuple[Level, ...], dict[Level, Curve]] = {}
    for curve in curves:
        of_group = groups.setdefault(tuple(curve.levels[name] for name in held), {})
        value = curve.levels[axis]
        if value not in of_group or len(curve.log2_lrs) > len(of_group[value].log2_lrs):
            of_group[value] = curve
    return [
        Stratum(dict(zip(held, levels, strict=True)), dict(sorted(found.items(), key=_by_value)), loose)
        for levels, found in groups.items()
        if len(found) > 1
    ]


def _by_value(item: tuple[Level, Curve]) -> tuple[bool, Level]:
    return isinstance(item[0], str), item[0]


def _loosened(
    curves: Sequence[Curve], axis: str, held: Sequence[str], columns: Columns, covered: set[Level]
) -> list[Stratum]:
    """Return strata for values that no stratum reaches, with columns let go that share no level there.

    A width is not compared across depths where a total size is given: that is the size's own answer.
    """
    ordered = sorted(curves, key=lambda curve: _by_value((curve.levels[axis], curve)))
    swept = [curve for curve in ordered if curve.is_swept] or ordered
    base = swept[0].levels[axis]
    found: list[Stratum] = []
    for value in dict.fromkeys(curve.levels[axis] for curve in ordered):
        if value in covered or value == base:
            continue
        pair = [curve for curve in curves if curve.levels[axis] in (base, value)]
        loose = tuple(name for name in held if _shares_no_level(pair, axis, base, name))
        if not loose or not _may_loosen(axis, loose, columns):
            continue
        kept = [name for name in held if name not in loose]
        found += [s for s in _grouped(pair, axis, kept, loose) if base in s.curves]
    return found


def _may_loosen(axis: str, loose: Sequence[str], columns: Columns) -> bool:
    """Return whether an answer without holding these columns is one about the axis.

    What grows with a size (length, batch) is part of how people go larger; a size that grows with a batch is
    not part of the batch.
    """
    if axis not in SHAPE_AXES:
        return not set(loose) & set(columns.axes)
    return not (ColumnRole.SIZE in columns.axes and set(loose) & {ColumnRole.WIDTH, ColumnRole.DEPTH})


def _shares_no_level(pair: Sequence[Curve], axis: str, base: Level, name: str) -> bool:
    at_base = {curve.levels[name] for curve in pair if curve.levels[axis] == base}
    beyond = {curve.levels[name] for curve in pair if curve.levels[axis] != base}
    return not at_base & beyond
