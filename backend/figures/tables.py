"""Numbers of a figure as a table: for screen readers, for spreadsheets, and for everyone who reads them.

A table has what is drawn, with the same choices; values have the six significant digits of the figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from muscope.backend.figures.coordinate_check import CoordinateInfo
from muscope.backend.figures.density import DensityInfo
from muscope.backend.figures.encode import plain
from muscope.backend.figures.lr_loss import LrCurve, LrLossInfo, y_title
from muscope.backend.figures.optimum_size import OptimumInfo
from muscope.backend.figures.steps.step_curves import Line, StepCurve, StepInfo
from muscope.backend.figures.theme import Style
from muscope.backend.spreadsheet import LINE_END, csv_lines

Value = str | int | float | None
Row = tuple[Value, ...]
# Steps of a curve in a table that is to be read, not computed with.
BRIEF_STEPS = 12


class FigureTable(NamedTuple):
    """Columns, named in the reader's language, and rows; None where there is no value."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    @classmethod
    def empty(cls) -> FigureTable:
        """Return a table without rows."""
        return cls((), ())

    def as_csv(self) -> str:
        """Return the table as CSV with a byte order mark, by which spreadsheets know the encoding."""
        return "".join(line + LINE_END for line in csv_lines(self.columns, self.rows))


def table_of(names: Sequence[str], rows: Iterator[Sequence[Value]]) -> FigureTable:
    """Return a table of these columns, with rounded values."""
    return FigureTable(tuple(names), tuple(tuple(map(_cell, row)) for row in rows))


def _cell(value: Value) -> Value:
    return plain([value])[0] if isinstance(value, float) else value


def named(style: Style, *keys: str) -> list[str]:
    """Return names of columns in the reader's language."""
    return [style.say(f"table.{key}") for key in keys]


def step_table(
    info: StepInfo, axes: Sequence[str], style: Style, *, is_brief: bool, extent: str = "width"
) -> FigureTable:
    """Return curves over steps, `axes` their quantities row by row; briefly, evenly spread steps of each."""
    names = [
        *named(style, "parametrization", extent, "lr", "quantity", "step", "seed", "value"),
        *named(style, "smallest", "largest", "seeds", "diverged"),
    ]
    lrs = {column.parametrization: column.lr for column in info.columns}

    def rows() -> Iterator[Sequence[Value]]:
        for curve in info.curves:
            head = (style.arm(curve.parametrization), curve.width, lrs[curve.parametrization])
            for part in _step_rows(curve, style, is_brief=is_brief):
                yield (*head, axes[curve.row], *part)

    return table_of(names, rows())


def _step_rows(curve: StepCurve, style: Style, *, is_brief: bool) -> Iterator[Sequence[Value]]:
    """Yield step, seed, value, range, seeds and whether one diverged; the marked steps always."""
    lows = dict(zip(curve.low.steps, curve.low.values, strict=True))
    highs = dict(zip(curve.high.steps, curve.high.values, strict=True))
    points = list(zip(curve.mean.steps, curve.mean.values, curve.num_seeds, strict=True))
    for index in spread(len(points), is_brief=is_brief, always=_marked(curve)):
        step, value, count = points[index]
        mark = "×" if step in curve.diverged_at else ""
        yield step, style.say("table.mean"), value, lows.get(step), highs.get(step), count, mark
    raw = curve.raw or Line((), ())
    for index in spread(len(raw.steps), is_brief=is_brief):
        step, value = raw.steps[index], raw.values[index]
        yield step, style.say("table.mean_measured"), value, None, None, None, ""
    front = () if curve.runs.front is None else (curve.runs.front,)
    for run in curve.runs.each or front:
        for index in spread(len(run.xs), is_brief=is_brief):
            yield int(run.xs[index]), str(run.seed), run.values[index], None, None, 1, ""


def _marked(curve: StepCurve) -> list[int]:
    return [index for index, step in enumerate(curve.mean.steps) if step in curve.diverged_at]


def spread(count: int, *, is_brief: bool, always: Sequence[int] = ()) -> list[int]:
    """Return the indices of all points, or of a few from the first to the last."""
    if not is_brief or count <= BRIEF_STEPS:
        return list(range(count))
    return sorted({*(round(k * (count - 1) / (BRIEF_STEPS - 1)) for k in range(BRIEF_STEPS)), *always})


def lr_loss_table(info: LrLossInfo, style: Style) -> FigureTable:
    """Return the final losses, and beside those of a size its best LR with the interval."""
    names = [
        *named(style, "parametrization", "width", "lr", "seed"),
        y_title(info.metric, info.loss, style),
        *named(style, "smallest", "largest", "seeds", "num_diverged", "optimum", "from", "to"),
    ]
    return table_of(names, (row for curve in info.curves for row in _lr_rows(curve, style)))


def _lr_rows(curve: LrCurve, style: Style) -> Iterator[Sequence[Value]]:
    best = curve.optimum
    optimum = (None, None, None) if best is None else (best.lr, best.low, best.high)
    head = (style.arm(curve.parametrization), curve.width)
    for point in curve.points:
        values = (point.mean, point.low, point.high, point.num_seeds, point.num_diverged)
        yield (*head, point.lr, style.say("table.mean"), *values, *optimum)
    front = () if curve.runs.front is None else (curve.runs.front,)
    for run in curve.runs.each or front:
        for lr, value in zip(run.xs, run.values, strict=True):
            yield (*head, lr, str(run.seed), value, None, None, 1, None, None, None, None)


def optimum_table(info: OptimumInfo, style: Style) -> FigureTable:
    """Return the best LR of every size, and what is expected beyond the sizes tested."""
    names = [
        *named(style, "parametrization", "width", "depth", "optimum", "from", "to", "at_edge", "reused_lr"),
        *named(style, "measured"),
    ]

    def rows() -> Iterator[Sequence[Value]]:
        for line in info.lines:
            arm = style.arm(line.parametrization)
            for p in line.points:
                edge = style.say("table.yes" if p.is_edge else "table.no")
                ends = (p.low, p.high, edge, line.reused_lr, style.say("table.yes"))
                yield (arm, p.size.width, p.size.depth, p.lr, *ends)
            if (far := line.far) is not None:
                ends = (far.low, far.high, "", line.reused_lr, style.say("table.no"))
                yield (arm, far.size.width, far.size.depth, far.lr, *ends)

    return table_of(names, rows())


def density_table(info: DensityInfo, style: Style) -> FigureTable:
    """Return the share of the eigenvalues in every bin that is not empty."""
    names = named(style, "parametrization", "width", "step", "eigenvalue_from", "eigenvalue_to", "share")

    def rows() -> Iterator[Sequence[Value]]:
        for curve in info.curves:
            bins = zip(info.edges, info.edges[1:], curve.shares, strict=False)
            for low, high, share in bins:
                if share > 0:
                    yield style.arm(curve.parametrization), curve.width, info.step, low, high, share

    return table_of(names, rows())


def coordinate_table(info: CoordinateInfo, style: Style) -> FigureTable:
    """Return how far every part moves, by width and number of updates."""
    names = [
        *named(style, "parametrization", "quantity", "updates", "width"),
        *named(style, "value", "smallest", "largest", "seeds"),
    ]

    def rows() -> Iterator[Sequence[Value]]:
        for line in info.lines:
            head = (style.arm(line.parametrization), style.say(f"axis.change.{line.part}"), line.num_updates)
            values = zip(line.widths, line.means, line.lows, line.highs, line.num_seeds, strict=True)
            yield from ((*head, *each) for each in values)

    return table_of(names, rows())
