"""Text tables: what stands around them, and numbers as people write them."""

import pytest

from muscope.backend.domain.spec.dataset import ColumnKind, Task
from tests.backend.ingest.delimited.text_files import (
    PLAIN,
    ROWS,
    body,
    column,
    decision,
    names,
    notes,
    profile_of,
)

ABOVE = {
    "a title": ("Report 2024,,\n" + PLAIN, "rows_above"),
    "comments": ("# logger 1.2\n# mm\n" + PLAIN, "rows_above"),
    "a separator for Excel": ("sep=,\n" + PLAIN, None),
    "units below the header": ("a,b,kind\nmm,kPa,-\n" + body("{half},{big},{ab}"), "units_row"),
    "a total at the end": (PLAIN + "合計,4000,\n", "rows_below"),
    "trailing delimiters": ("a,b,kind,,\n" + body("{half},{big},{ab},,"), "empty_columns_dropped"),
    "an index of pandas": (",a,b,kind\n" + body("{i},{half},{big},{ab}"), "index_left_out"),
    "an index with a name": ("Unnamed: 0,a,b,kind\n" + body("{i},{half},{big},{ab}"), "index_left_out"),
    "row names of R": ('"a","b","kind"\n' + body('"{i}",{half},{big},"{ab}"'), "index_left_out"),
    "repeated headers": (PLAIN + "a,b,kind\n" + body("{half},{big},{ab}"), "repeated_header"),
    "semicolons": (PLAIN.replace(",", ";"), None),
    "tabs": (PLAIN.replace(",", "\t"), None),
    "pipes": (PLAIN.replace(",", "|"), None),
    "blanks": (PLAIN.replace(",", "   "), None),
    "two colons": (PLAIN.replace(",", "::"), None),
    "old line ends": (PLAIN.replace("\n", "\r"), None),
    "blank lines": (PLAIN.replace("\n", "\n\n"), None),
}


@pytest.mark.parametrize("name", ABOVE)
def test_the_same_table_is_found_whatever_stands_around_it(read, name):
    content, said = ABOVE[name]

    prepared = read(content)

    assert names(prepared) == ["a", "b", "kind"]
    assert (profile_of(prepared).label, prepared.manifest.shape.task) == ("kind", Task.CLASSIFICATION)
    assert column(prepared, "b").maximum == 1000 + 37 * (ROWS - 1)
    assert said is None or said in notes(prepared)
    assert profile_of(prepared).num_rows in (ROWS, 2 * ROWS)


def test_quotes_are_undone_in_every_style(read):
    for line in ('{half},"x, {ab}",{third}', "{half},'x, {ab}',{third}", '{half}, "x, {ab}", {third}'):
        found = column(read("a,b,target\n" + body(line)), "b")
        assert found.examples == ("x, a", "x, b")


WRITTEN = {
    "percent": ("{half}%", 0.115, "percent"),
    "currency": ('"$1,{i:03}.50"', 1023.5, "currency"),
    "yen": ("¥{big}円", 1851, "currency"),
    "thousands": ('"1,{i:03}"', 1023, "thousands"),
    "triangles": ("▲{big}", -1000, "triangle"),
    "parentheses": ("({big})", -1000, "parentheses"),
    "a minus at the end": ("{big}-", -1000, "trailing_minus"),
    "a true minus": ("−{big}", -1000, "minus"),
    "units": ("{half} kg", 11.5, "unit"),
    "ten thousands": ("{half}万円", 115_000, "scale"),
    "grouped by apostrophes": ("1'{i:03}", 1023, "groups"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_numbers_are_read_as_people_write_them_and_that_is_said_once(read, name):
    line, extreme, code = WRITTEN[name]

    prepared = read("b,kind\n" + body(line + ",{ab}"))

    found = column(prepared, "b")
    assert (found.kind, found.read_as) == (ColumnKind.NUMERIC, code)
    assert found.maximum == pytest.approx(extreme, rel=1e-9)
    assert [note.code for note in profile_of(prepared).notes].count(f"dataset.read_{code}") == 1


def test_full_width_digits_are_digits(read):
    wide = str.maketrans("0123456789", "０１２３４５６７８９")

    prepared = read("b,kind\n" + body("{big},{ab}").translate(wide))

    assert (column(prepared, "b").minimum, column(prepared, "b").maximum) == (1000, 1851)


def test_decimal_commas_are_found_for_the_whole_file_and_can_be_denied(read):
    content = "a;c;b\n" + "".join(f"{i},5;{i % 7};{i % 2}\n" for i in range(ROWS))

    prepared = read(content)

    assert (column(prepared, "a").maximum, decision(prepared, "decimal").value) == (23.5, ",")
    assert column(read(content, decimal="."), "a").kind is ColumnKind.CATEGORICAL


def test_odd_texts_among_numbers_are_missing_and_named(read):
    prepared = read("a,kind\n" + body("{half},{ab}") + "12O,a\n?,b\n#DIV/0!,a\n")

    (said,) = (note for note in profile_of(prepared).notes if note.code == "dataset.texts_as_missing")
    assert said.params == {"column": "a", "count": 2, "texts": "12O, ?", "row": ROWS + 2}
    assert "spreadsheet_errors" in notes(prepared)
    assert column(prepared, "a").num_missing == 3


def test_infinite_numbers_are_missing_and_named(read):
    assert "infinite_values" in notes(read("a,kind\n" + body("{half},{ab}") + "inf,a\n1e999,b\n"))


def test_a_column_of_texts_stays_one(read):
    found = column(read("income,b,kind\n" + body("<=5{third}K,{half},{ab}")), "income")

    assert (found.kind, found.num_distinct) == (ColumnKind.CATEGORICAL, 3)
