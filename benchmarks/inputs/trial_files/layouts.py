"""Layouts of tables: indexes, titles, units, totals, delimiters, quotes, headers, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from benchmarks.inputs.trial_files.content import (
    GRADES,
    LENGTH,
    NUM_ROWS,
    PRICE,
    WIDTH,
    quoted,
    text_of,
    words_of,
)
from benchmarks.inputs.trial_files.expected import TrialFile
from muscope.backend.domain.spec.dataset import ColumnKind, Task

CLASSES: dict[str, Sequence[Any]] = {"length": LENGTH, "width": WIDTH, "grade": GRADES}
NUMBERS: dict[str, Sequence[float]] = {"length": LENGTH, "width": WIDTH, "price": PRICE}
graded = partial(
    TrialFile,
    label="grade",
    task=Task.CLASSIFICATION,
    num_rows=NUM_ROWS,
    numbers={"length": LENGTH, "width": WIDTH},
    kinds={"grade": ColumnKind.CATEGORICAL},
)
priced = partial(TrialFile, label="price", task=Task.REGRESSION, num_rows=NUM_ROWS, numbers=NUMBERS)


def layout_files() -> Iterator[TrialFile]:
    """Yield tables of plain values in the layouts that programs and people write."""
    yield from _indexes()
    yield from _lines_around()
    yield from _delimiters()
    yield from _quotes()
    yield from _other_texts()


def _indexes() -> Iterator[TrialFile]:
    index = frozenset({"dataset.index_left_out"})
    for name, title in (("pandas_index.csv", ""), ("unnamed0.csv", "Unnamed: 0")):
        yield graded(name, text_of({title: range(NUM_ROWS)} | CLASSES).encode(), notes=index)
    rows = text_of({"": quoted(range(1, NUM_ROWS + 1))} | CLASSES).removeprefix(",")
    yield graded("r_write_table.csv", rows.encode(), notes=index)


def _lines_around() -> Iterator[TrialFile]:
    text = text_of(CLASSES)
    header, *rows = text.splitlines(keepends=True)
    above = frozenset({"dataset.rows_above"})
    yield graded(
        "title_row.csv", f"Inspection of March,,\n{text}".encode(), notes=above, decisions={"header": "2"}
    )
    comments = f"# written by logger 7\n# line 2\n{text}"
    yield graded("comment_lines.csv", comments.encode(), notes=above, decisions={"header": "3"})
    total = f"{text}Total,{sum(WIDTH):.2f},\n"
    yield graded("footer_total.csv", total.encode(), notes=frozenset({"dataset.rows_below"}))
    commas = text.replace("\n", ",,\n")
    yield graded(
        "excel_trailing_commas.csv", commas.encode(), notes=frozenset({"dataset.empty_columns_dropped"})
    )
    units = "".join(
        [header.replace("grade", "price"), "mm,kg,EUR\n", *text_of(NUMBERS, header=False).splitlines(True)]
    )
    yield priced("two_header_rows.csv", units.encode(), notes=frozenset({"dataset.units_row"}))
    no_header = {f"column_{at}": values for at, values in enumerate(CLASSES.values(), 1)}
    yield TrialFile(
        "no_header_mixed.csv",
        "".join(rows).encode(),
        label="column_3",
        task=Task.CLASSIFICATION,
        num_rows=NUM_ROWS,
        numbers={name: values for name, values in no_header.items() if name != "column_3"},
        kinds={"column_3": ColumnKind.CATEGORICAL},
        asks=("header",),
    )


def _delimiters() -> Iterator[TrialFile]:
    sep = f"sep=;\n{text_of(CLASSES, ';')}"
    yield graded("excel_sep_line.csv", sep.encode(), decisions={"delimiter": ";", "header": "2"})
    comma = text_of(NUMBERS, ";").replace(".", ",")
    yield priced(
        "semicolon_decimal_comma.csv",
        comma.encode(),
        decisions={"delimiter": ";", "decimal": ","},
        notes=frozenset({"dataset.read_decimal_comma"}),
    )
    yield priced("space_separated.dat", text_of(NUMBERS, " ").encode(), decisions={"delimiter": "space"})
    yield graded("pipe.csv", text_of(CLASSES, "|").encode(), decisions={"delimiter": "|"})
    yield graded("table.txt", text_of(CLASSES).encode(), decisions={"delimiter": ","})


def _quotes() -> Iterator[TrialFile]:
    kinds = {"part": ColumnKind.CATEGORICAL}
    for name, parts, delimiter in (
        ("backslash_quote.csv", words_of('"2\\" bolt"', '"3\\" nut"', '"plate"'), ","),
        ("single_quotes.csv", words_of("'bolt, long'", "'bolt, short'", "'nut'"), ","),
        ("space_after_comma_quote.csv", words_of('"bolt, long"', '"bolt, short"', '"nut"'), ", "),
    ):
        text = text_of({"length": LENGTH, "part": parts, "price": PRICE}, delimiter)
        numbers = {"length": LENGTH, "price": PRICE}
        yield priced(name, text.encode(), numbers=numbers, kinds=kinds)


def _other_texts() -> Iterator[TrialFile]:
    records = [dict(zip(CLASSES, row, strict=True)) for row in zip(*CLASSES.values(), strict=True)]
    yield graded("records.json", json.dumps(records).encode())
    yield graded("records.jsonl", "\n".join(map(json.dumps, records)).encode())
    rows = zip(GRADES, LENGTH, WIDTH, strict=True)
    lines = [f"{('good', 'fair', 'poor').index(grade)} 1:{a} 2:{b}" for grade, a, b in rows]
    yield TrialFile(
        "libsvm.txt",
        "\n".join(lines).encode(),
        label="label",
        task=Task.CLASSIFICATION,
        num_rows=NUM_ROWS,
        numbers={
            "feature_1": LENGTH,
            "feature_2": WIDTH,
            "label": [float(("good", "fair", "poor").index(grade)) for grade in GRADES],
        },
    )
