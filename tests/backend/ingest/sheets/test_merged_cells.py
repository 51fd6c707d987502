"""Merged cells in the header and in the data, however the file writes them."""

import pytest

from tests.backend.ingest.sheets.workbooks import cells, codes, read, workbook


def merging(*ranges):
    def change(sheet):
        for cells_of in ranges:
            sheet.merge_cells(cells_of)

    return change


def test_a_group_above_the_names_is_part_of_them(tmp_path):
    rows = [["id", "2023", None, "2024", None], [None, "sales", "cost", "sales", "cost"], [1, 2, 3, 4, 5]]
    content = workbook(rows, change=merging("A1:A2", "B1:C1", "D1:E1"))

    raw = read(content, tmp_path)

    assert [(record.row, record.cells) for record in raw.records] == [
        (2, ["id", "2023 / sales", "2023 / cost", "2024 / sales", "2024 / cost"]),
        (3, ["1", "2", "3", "4", "5"]),
    ]
    assert raw.is_named
    assert codes(raw) == {
        "dataset.headers_joined": {"first": 1, "last": 2, "names": "2023 / sales, 2023 / cost, …"}
    }


def test_a_group_that_begins_behind_a_blank_corner_is_one(tmp_path):
    rows = [[None, "2024", None], ["id", "sales", "cost"], [1, 2, 3]]

    assert cells(read(workbook(rows, change=merging("B1:C1")), tmp_path))[0] == [
        "id",
        "2024 / sales",
        "2024 / cost",
    ]


def test_years_below_a_group_are_names_if_a_neighbour_reaches_down_to_them(tmp_path):
    rows = [["id", "sales", None], [None, 2023, 2024], [1, 20, 30]]

    assert cells(read(workbook(rows, change=merging("A1:A2", "B1:C1")), tmp_path))[0] == [
        "id",
        "sales / 2023",
        "sales / 2024",
    ]


def test_numbers_below_merged_names_are_data(tmp_path):
    rows = [["id", "range", None], [1, 20, 30], [2, 21, 31]]

    raw = read(workbook(rows, change=merging("B1:C1")), tmp_path)

    assert cells(raw)[:2] == [["id", "range", ""], ["1", "20", "30"]]
    assert not raw.is_named


def test_three_levels_are_joined(tmp_path):
    rows = [
        ["id", "sales", None, None, None],
        [None, "east", None, "west", None],
        [None, "new", "old", "new", "old"],
        [1, 2, 3, 4, 5],
    ]
    content = workbook(rows, change=merging("A1:A3", "B1:E1", "B2:C2", "D2:E2"))

    raw = read(content, tmp_path)

    assert cells(raw)[0] == [
        "id",
        "sales / east / new",
        "sales / east / old",
        "sales / west / new",
        "sales / west / old",
    ]
    assert [record.row for record in raw.records] == [3, 4]


def test_a_title_over_the_whole_table_is_no_group(tmp_path):
    rows = [["Sales 2024", None, None], ["id", "a", "b"], [1, 2, 3]]

    raw = read(workbook(rows, change=merging("A1:C1")), tmp_path)

    assert cells(raw) == [["Sales 2024", "", ""], ["id", "a", "b"], ["1", "2", "3"]]
    assert not raw.is_named
    assert raw.notes == []


def test_below_a_title_the_joined_header_keeps_its_place(tmp_path):
    rows = [["Title", None, None], [], ["id", "x", None], [None, "a", "b"], [1, 2, 3]]
    content = workbook(rows, change=merging("A1:C1", "A3:A4", "B3:C3"))

    raw = read(content, tmp_path)

    assert [(record.row, record.cells[-1]) for record in raw.records] == [(1, ""), (4, "x / b"), (5, "3")]
    assert not raw.is_named


@pytest.mark.parametrize("wished", [1, 2])
def test_a_header_that_was_asked_for_is_found_under_any_of_its_rows(wished, tmp_path):
    rows = [["id", "x", None], [None, "a", "b"], [1, 2, 3]]
    content = workbook(rows, change=merging("A1:A2", "B1:C1"))

    assert next(iter(read(content, tmp_path, header=wished).records)).row == wished


def test_a_merged_value_stands_in_each_of_its_rows(tmp_path):
    rows = [["shop", "sales"], ["Tokyo", 1], [None, 2], [None, 3], ["Osaka", 4], [None, 5], [None, 6]]

    raw = read(workbook(rows, change=merging("A2:A4", "A5:A6")), tmp_path)

    assert [row[0] for row in cells(raw)] == ["shop", "Tokyo", "Tokyo", "Tokyo", "Osaka", "Osaka", ""]
    assert codes(raw) == {"dataset.merged_filled": {"count": 3}}
