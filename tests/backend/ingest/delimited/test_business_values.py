"""Amounts, percentages and times as offices write them, and rows that are no examples."""

import pytest

from muscope.backend.domain.spec.dataset import ColumnKind
from muscope.backend.errors import InvalidInput
from tests.backend.ingest.delimited.text_files import PLAIN, ROWS, body, column, names, notes, profile_of


def test_amounts_in_two_units_are_one_number(read):
    found = column(read("売上,kind\n" + body("1億{big}万円,{ab}")), "売上")

    assert (found.kind, found.read_as) == (ColumnKind.NUMERIC, "scale")
    assert (found.minimum, found.maximum) == (110_000_000, 118_510_000)


def test_a_percent_sign_that_is_left_out_in_some_cells_changes_no_value(read):
    rows = "".join(f"{i}{'%' if i % 2 else ''},{'pq'[i % 2]}\n" for i in range(2, 42))

    found = column(read("share,kind\n" + rows), "share")

    assert (found.minimum, found.maximum, found.read_as) == (2, 41, "unit")


def test_shares_beside_percentages_are_shares(read):
    rows = "".join(f"{f'{i}%' if i % 2 else i / 100},{'pq'[i % 2]}\n" for i in range(2, 42))

    assert column(read("share,kind\n" + rows), "share").maximum == pytest.approx(0.41)


def test_the_afternoon_is_told_in_japanese(read):
    times = (f"{('午前', '午後')[i % 2]}{i % 11 + 1}時{i:02d}分" for i in range(24))
    rows = (f"2024年3月1日 {time},{i * 37 % 19},{i % 2}\n" for i, time in enumerate(times))

    found = column(read("日時,b,kind\n" + "".join(rows)), "日時")

    day = 1_709_251_200  # 2024-03-01
    assert (found.kind, found.read_as) == (ColumnKind.TIME, "datetime")
    assert (found.minimum - day, found.maximum - day) == (3600, 23 * 3600 + 21 * 60)


def test_double_precision_of_fortran_is_a_number(read):
    found = column(read("a,kind\n" + body("0.{big}D+02,{ab}")), "a")

    assert (found.kind, found.minimum, found.maximum) == (ColumnKind.NUMERIC, 10.0, 18.51)


def test_subtotals_between_the_data_are_left_out_and_counted(read):
    rows = body("s{third},i{i},{half},{ab}").splitlines(keepends=True)
    content = "shop,item,amount,kind\n" + "".join([*rows[:8], "小計,,99,\n", *rows[8:], "Total,,999,\n"])

    prepared = read(content)

    assert profile_of(prepared).num_rows == ROWS
    assert {"subtotals_left_out", "rows_below"} <= notes(prepared)


def test_a_level_that_is_named_total_stays(read):
    prepared = read("sex,amount,kind\n" + body("{third},{half},{ab}").replace("0,", "総計,", 1))

    assert "subtotals_left_out" not in notes(prepared)


@pytest.mark.parametrize("line", ["|---|:--|---|\n", "|---+---+---|\n"])
def test_a_line_below_the_names_is_no_data(read, line):
    rows = "".join(f"| {i / 2} | {i * 3} | {'pq'[i % 2]} |\n" for i in range(ROWS))

    prepared = read("| a | b | kind |\n" + line + rows)

    assert (names(prepared), profile_of(prepared).num_rows) == (["a", "b", "kind"], ROWS)
    assert "drawn_line" in notes(prepared)


def test_entities_of_html_do_not_separate(read):
    prepared = read("part,b,kind\n" + body("A&amp;B{third},{half},{ab}"))

    assert names(prepared) == ["part", "b", "kind"]


def test_a_table_on_its_side_is_refused_with_a_way_out(read):
    lines = zip(*(line.split(",") for line in PLAIN.splitlines()), strict=True)

    with pytest.raises(InvalidInput) as refused:
        read("".join(",".join(line) + "\n" for line in lines))

    assert (refused.value.code, refused.value.params) == (
        "dataset.on_its_side",
        {"rows": 2, "columns": ROWS + 1},
    )


def test_examples_of_cells_are_on_one_line(read):
    prepared = read("a,kind\n" + body('"first\nline {third}",{ab}'))

    assert column(prepared, "a").examples[0] == "first line 0"
