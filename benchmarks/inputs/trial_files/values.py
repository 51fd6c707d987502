"""Values as people write them: amounts, signs, missing cells, dates, codes, labels that may be numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from benchmarks.inputs.trial_files.content import (
    GRADES,
    LENGTH,
    NUM_ROWS,
    PRICE,
    SIGNED,
    WHOLE,
    WIDTH,
    quoted,
    text_of,
    with_gaps,
    words_of,
    written,
)
from benchmarks.inputs.trial_files.expected import Numbers, TrialFile
from muscope.backend.domain.spec.dataset import ColumnKind, Task

CATEGORICAL = ColumnKind.CATEGORICAL


def value_files() -> Iterator[TrialFile]:
    """Yield tables whose cells are no plain numbers."""
    yield from _amounts()
    yield from _signs()
    yield from _missing()
    yield from _levels()
    yield from _times()
    yield from _codes()
    yield from _labels()


def _priced(name: str, cells: Sequence[str], values: Numbers, *notes: str) -> TrialFile:
    """Return a table whose feature `amount` is written in some way."""
    text = text_of({"amount": cells, "length": LENGTH, "price": PRICE})
    numbers = {"amount": values, "length": LENGTH, "price": PRICE}
    said = frozenset(f"dataset.{note}" for note in notes)
    return TrialFile(name, text.encode(), "price", Task.REGRESSION, NUM_ROWS, numbers, notes=said)


def _amounts() -> Iterator[TrialFile]:
    yield _priced("thousands.csv", quoted([f"{value:,.2f}" for value in PRICE]), PRICE, "read_thousands")
    yield _priced("currency.csv", quoted([f"${value:,.2f}" for value in PRICE]), PRICE, "read_currency")
    yield _priced("yen.csv", quoted([f"¥{value:,}" for value in WHOLE]), WHOLE, "read_currency")
    wide = [str(value).translate(str.maketrans("0123456789", "０１２３４５６７８９")) for value in WHOLE]
    yield _priced("fullwidth.csv", wide, WHOLE, "read_full_width")
    shares = [f"{100 * value:.1f}%" for value in LENGTH]
    yield _priced("percent.csv", shares, LENGTH, "read_percent")
    text = text_of({"length": LENGTH, "width": WIDTH, "yield": shares})
    numbers = {"length": LENGTH, "width": WIDTH, "yield": LENGTH}
    said = frozenset({"dataset.read_percent"})
    yield TrialFile(
        "percent_label.csv", text.encode(), "yield", Task.REGRESSION, NUM_ROWS, numbers, notes=said
    )


def _signs() -> Iterator[TrialFile]:
    def signed(minus: str, end: str = "") -> list[str]:
        return [f"{minus}{-value}{end}" if value < 0 else str(value) for value in SIGNED]

    yield _priced("accounting_parens.csv", signed("(", ")"), SIGNED, "read_parentheses")
    yield _priced("jp_triangle_negative.csv", signed("▲"), SIGNED, "read_triangle")
    yield _priced("unicode_minus.csv", signed("−"), SIGNED, "read_minus")


def _missing() -> Iterator[TrialFile]:
    gaps = with_gaps(WIDTH)
    for name, spellings, note in (
        ("missing_backslashN.csv", [r"\N"], "texts_as_missing"),
        ("missing_words.csv", ["missing", "not available", "none"], "texts_as_missing"),
        ("question_marks.csv", ["?"], "texts_as_missing"),
        ("excel_na_errors.csv", ["#N/A", "#DIV/0!", "#VALUE!"], "texts_as_missing"),
        ("jp_dash_missing.csv", ["―", "－", "欠損"], "texts_as_missing"),
        ("inf_values.csv", ["inf", "-inf"], "infinite_values"),
        ("overflow.csv", ["1e400"], "infinite_values"),
    ):
        yield _priced(name, written(gaps, spellings), gaps, note)


def _levels() -> Iterator[TrialFile]:
    flags = words_of("TRUE", "False", "true", "FALSE")
    text = text_of({"length": LENGTH, "flag": flags, "grade": GRADES})
    kinds = {"flag": CATEGORICAL, "grade": CATEGORICAL}
    said = frozenset({"dataset.levels_merged"})
    yield _graded("bool_mixed.csv", text, kinds, notes=said)
    garages = words_of("None", "attached", "detached")
    text = text_of({"length": LENGTH, "garage": garages, "grade": GRADES})
    said = frozenset({"dataset.none_is_level"})
    yield _graded("none_category.csv", text, {"garage": CATEGORICAL, "grade": CATEGORICAL}, notes=said)
    text = text_of({"length": LENGTH, "grade": words_of("None", "mild", "severe")})
    yield _graded("none_label.csv", text, {"grade": CATEGORICAL}, notes=said)


def _graded(
    name: str,
    text: str,
    kinds: dict[str, ColumnKind],
    *,
    left_out: frozenset[str] = frozenset(),
    notes: frozenset[str] = frozenset(),
) -> TrialFile:
    """Return a table of classes whose one feature of numbers is `length`."""
    return TrialFile(
        name,
        text.encode(),
        label="grade",
        task=Task.CLASSIFICATION,
        num_rows=NUM_ROWS,
        numbers={"length": LENGTH},
        kinds=kinds,
        left_out=left_out,
        notes=notes,
    )


def _times() -> Iterator[TrialFile]:
    days = [date(2024, 1, 1) + timedelta(days=index) for index in range(NUM_ROWS)]
    hours = [f"{index * 17 // 60}:{index * 17 % 60:02d}" for index in range(NUM_ROWS)]
    numbers = {"length": LENGTH, "price": PRICE}
    for name, title, cells in (("dates_iso.csv", "day", days), ("time_of_day.csv", "time", hours)):
        text = text_of({title: cells, **numbers})
        kinds = {title: ColumnKind.TIME}
        yield TrialFile(name, text.encode(), "price", Task.REGRESSION, NUM_ROWS, numbers, kinds)


def _codes() -> Iterator[TrialFile]:
    out, grades = frozenset({"code"}), {"code": CATEGORICAL, "grade": CATEGORICAL}
    said = frozenset({"dataset.left_out_identifier"})
    for name, cells in (
        ("leading_zeros.csv", [f"{value:06d}" for value in WHOLE]),
        ("leading_apostrophe.csv", [f"'0{value}" for value in WHOLE]),
        ("excel_formula_text.csv", [f'="0{value}"' for value in WHOLE]),
        ("names.csv", [f"Person {value}" for value in WHOLE]),
    ):
        text = text_of({"code": cells, "length": LENGTH, "grade": GRADES})
        yield _graded(name, text, grades, left_out=out, notes=said)


def _labels() -> Iterator[TrialFile]:
    numbers: dict[str, Sequence[float]] = {"length": LENGTH, "width": WIDTH}
    for name, values in (
        ("label_count.csv", [index * 7 % 18 for index in range(NUM_ROWS)]),
        ("label_year.csv", [2008 + index * 5 % 16 for index in range(NUM_ROWS)]),
    ):
        title = "year" if "year" in name else "num_orders"
        wanted = numbers | {title: values}
        text = text_of(wanted)
        yield TrialFile(name, text.encode(), title, Task.REGRESSION, NUM_ROWS, wanted, asks=("task",))
    big = [2**53 + index % 3 for index in range(NUM_ROWS)]
    text = text_of(numbers | {"target": big})
    kinds = {"target": CATEGORICAL}
    yield TrialFile(
        "bigint_label.csv", text.encode(), "target", Task.CLASSIFICATION, NUM_ROWS, numbers, kinds
    )
    sweep: dict[str, Sequence[float]] = {"width": [64, 128, 256] * 20, "lr": LENGTH}
    sweep |= {"seed": [0, 1] * 30, "val_loss": WIDTH}
    text = text_of(sweep)
    said = frozenset({"dataset.looks_like_sweep"})
    yield TrialFile("own_sweep.csv", text.encode(), "val_loss", Task.REGRESSION, NUM_ROWS, sweep, notes=said)
