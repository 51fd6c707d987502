"""Workbooks as rows of text. The oracle of values is openpyxl, which wrote them and knows no calamine."""

from __future__ import annotations

import datetime
import random
import struct
from io import BytesIO

import openpyxl
import pytest
import xlwt

from muscope.backend.errors import MuscopeError
from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.recognition.compound_file import MAGIC
from muscope.backend.ingest.sheets import workbook as module
from tests.backend.ingest.sheets.workbooks import LINKS, cells, codes, handmade, read, rewritten, workbook


def test_values_are_written_as_a_user_would_type_them(tmp_path):
    content = workbook(
        [
            [1.0, 0.1 + 0.2, 123456789012, -5, 1e-7, True, False, "007", " x "],
            [
                datetime.datetime(2024, 1, 31),
                datetime.datetime(2024, 1, 31, 13, 5, 7),
                datetime.time(13, 5),
                datetime.timedelta(hours=30, minutes=2),
            ],
        ]
    )

    first, second = cells(read(content, tmp_path))

    assert first[:2] == ["1", repr(openpyxl.load_workbook(BytesIO(content)).active["B1"].value)]
    assert first[2:] == ["123456789012", "-5", "1e-07", "TRUE", "FALSE", "007", " x "]
    assert second[:4] == ["2024-01-31", "2024-01-31 13:05:07", "13:05:00", "30:02:00"]


def test_a_number_longer_than_a_double_has_no_exponent_and_no_invented_digits(tmp_path):
    (row,) = cells(read(handmade('<row r="1"><c r="A1"><v>1.2345678901234567E+19</v></c></row>'), tmp_path))

    assert row == ["12345678901234567000"]


@pytest.mark.parametrize("number_format", [27, 30, 31, 36, 50, 57, 58, 14, 22])
def test_japanese_and_other_built_in_date_formats_are_dates(number_format, tmp_path):
    styles = (
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2">'
        f'<xf numFmtId="0"/><xf numFmtId="{number_format}"/></cellXfs></styleSheet>'
    )
    content = handmade(
        '<row r="1"><c r="A1" s="1"><v>45322</v></c></row>', extra={"xl/styles.xml": styles.encode()}
    )
    link = f'<Relationship Id="rId9" Type="{LINKS}/styles" Target="styles.xml"/></Relationships>'
    content = rewritten(content, "workbook.xml.rels", lambda part: part.replace("</Relationships>", link))

    assert cells(read(content, tmp_path)) == [["2024-01-31"]]


def test_rows_have_the_numbers_that_excel_shows_and_blank_ones_are_left_out(tmp_path):
    content = workbook([[], [None, "a", "b"], [], [None, 1, 2]])

    raw = read(content, tmp_path)

    assert [(record.row, record.cells) for record in raw.records] == [(2, ["a", "b"]), (4, ["1", "2"])]


def test_rows_can_be_read_more_than_once(tmp_path):
    raw = read(workbook([["a", "b"], [1, 2]]), tmp_path)

    assert cells(raw) == cells(raw) == [["a", "b"], ["1", "2"]]


def test_error_cells_are_told_from_blank_ones(tmp_path):
    rows = (
        '<row r="1"><c r="B1" t="e"><v>#DIV/0!</v></c><c r="C1"><v>1</v></c><c r="D1"/></row>'
        '<row r="2"><c r="B2"><v>2</v></c><c r="D2" t="e"><f>1/0</f><v>#N/A</v></c></row>'
    )

    assert cells(read(handmade(rows), tmp_path)) == [["#DIV/0!", "1", ""], ["2", "", "#N/A"]]


def test_formulas_without_a_stored_result_are_counted(tmp_path):
    rows = (
        '<row r="1"><c r="A1"><v>7</v></c><c r="B1"><f>A1*2</f></c><c r="C1"><f>A1*3</f><v>21</v></c></row>'
        '<row r="2"><c r="A2"><v>8</v></c><c r="B2"><f>A2*2</f><v></v></c>'
        '<c r="C2" t="str"><f>""</f><v></v></c></row>'
    )

    raw = read(handmade(rows), tmp_path)

    assert cells(raw) == [["7", "", "21"], ["8", "", ""]]
    assert codes(raw) == {"dataset.formulas_uncalculated": {"count": 2, "first": "B1"}}


@pytest.mark.parametrize("options", [{"prefix": "x"}, {"strict": True}, {"separator": "\\"}])
def test_unusual_but_correct_containers_are_read(options, tmp_path):
    p = f"{options['prefix']}:" if "prefix" in options else ""
    rows = f'<{p}row r="1"><{p}c r="A1"><{p}v>1</{p}v></{p}c><{p}c r="B1"><{p}v>2</{p}v></{p}c></{p}row>'

    assert cells(read(handmade(rows, **options), tmp_path)) == [["1", "2"]]


def test_cells_without_a_place_follow_each_other(tmp_path):
    rows = "<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c><c t='e'><v>#N/A</v></c></row>"

    assert cells(read(handmade(rows), tmp_path)) == [["1", "2"], ["3", "#N/A"]]


def test_a_value_in_the_last_cell_of_the_sheet_is_left_out_and_named(tmp_path):
    rows = "".join(
        f'<row r="{i}"><c r="A{i}"><v>{i}</v></c><c r="B{i}"><v>0</v></c></row>' for i in (1, 2, 3)
    )
    rows += '<row r="1048576"><c r="XFD1048576"><v>9</v></c></row>'

    raw = read(handmade(rows), tmp_path)

    assert cells(raw) == [["1", "0"], ["2", "0"], ["3", "0"]]
    assert codes(raw) == {"dataset.stray_cells": {"extent": "XFD1048576", "used": "A1:B3"}}


def test_a_value_far_to_the_right_is_cut_out_of_its_row(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_SHEET_CELLS", 1000)
    rows = (
        '<row r="1"><c r="A1"><v>1</v></c><c r="XFA1"><v>9</v></c></row>'
        '<row r="2"><c r="A2"><v>2</v></c><c r="B2" t="inlineStr"><is><t>b</t></is></c></row>'
    )

    raw = read(handmade(rows), tmp_path)

    assert cells(raw) == [["1", ""], ["2", "b"]]
    assert codes(raw)["dataset.stray_cells"]["extent"] == "XFA2"


def test_a_table_that_is_too_large_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_SHEET_CELLS", 9)

    with pytest.raises(MuscopeError) as raised:
        read(workbook([[1, 2, 3, 4]] * 3), tmp_path)

    assert raised.value.code == "dataset.too_many_cells"


def test_a_wrong_dimension_hides_nothing(tmp_path):
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="C2"><v>2</v></c></row>'

    raw = read(handmade(rows, before='<dimension ref="A1"/>'), tmp_path)

    assert cells(raw) == [["1", "", ""], ["", "", "2"]]


def test_the_largest_visible_sheet_is_taken_and_the_others_are_offered(tmp_path):
    def hide(sheet):
        sheet.sheet_state = "hidden"

    content = workbook([[1] * 9] * 9, [[2, 3]] * 9, [[4]], [], change=hide)

    raw = read(content, tmp_path)
    (decision,) = raw.decisions

    assert cells(raw)[0] == ["2", "3"]
    assert (decision.option, decision.value, decision.is_guessed) == ("member", "Sheet2", True)
    assert decision.choices == ("Sheet1", "Sheet2", "Sheet3")


def test_two_sheets_of_similar_size_are_a_question_until_one_is_named(tmp_path):
    content = workbook([["a", 1]] * 9, [["b", 2]] * 8)

    assert [d.is_question for d in read(content, tmp_path).decisions] == [True]
    named = read(content, tmp_path, member="Sheet2")
    assert cells(named)[0] == ["b", "2"]
    assert [(d.is_question, d.is_guessed) for d in named.decisions] == [(False, False)]


def test_one_sheet_is_no_decision(tmp_path):
    assert read(workbook([["a", 1]], []), tmp_path).decisions == []


def test_an_unknown_sheet_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(MuscopeError) as raised:
        read(workbook([["a"]]), tmp_path, member="売上")

    assert raised.value.code == "dataset.unknown_sheet"
    assert raised.value.params == {"sheet": "売上", "sheets": "Sheet1"}


def test_a_workbook_without_values_is_refused(tmp_path):
    with pytest.raises(MuscopeError, match=r"dataset\.empty_workbook\("):
        read(workbook([[None, None]]), tmp_path)


def hidden(sheet):
    sheet.row_dimensions[3].hidden = True
    sheet.row_dimensions[90].hidden = True
    sheet.column_dimensions["B"].hidden = True


def test_hidden_rows_and_columns_with_values_are_used_and_asked_about(tmp_path):
    raw = read(workbook([["a", "b", "c"], [1, 2, 3], [4, 5, 6]], change=hidden), tmp_path)
    (decision,) = raw.decisions

    assert cells(raw) == [["a", "b", "c"], ["1", "2", "3"], ["4", "5", "6"]]
    assert (decision.option, decision.value, decision.is_question) == ("hidden", "use", True)
    assert codes(raw) == {"dataset.hidden_cells": {"rows": 1, "columns": 1}}


def test_hidden_rows_and_columns_can_be_left_out(tmp_path):
    content = workbook([["a", "b", "c"], [1, 2, 3], [4, 5, 6]], change=hidden)

    raw = read(content, tmp_path, hidden="leave_out")

    assert cells(raw) == [["a", "c"], ["1", "3"]]
    assert [d.is_question for d in raw.decisions] == [False]


def test_an_old_workbook_is_read(tmp_path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("売上")
    for column, name in enumerate(["名前", "値", "日"]):
        sheet.write(1, column, name)
    sheet.write(2, 0, "ソ表")
    sheet.write(2, 1, 1.5)
    sheet.write(2, 2, datetime.datetime(2024, 1, 31), xlwt.easyxf(num_format_str="YYYY/MM/DD"))
    file = BytesIO()
    book.save(file)

    raw = read(file.getvalue(), tmp_path)

    assert [record.row for record in raw.records] == [2, 3]
    assert cells(raw) == [["名前", "値", "日"], ["ソ表", "1.5", "2024-01-31"]]


def test_an_old_workbook_tells_its_errors_and_hidden_places(tmp_path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    for row in range(3):
        for column in range(3):
            sheet.write(row, column, 3 * row + column)
    sheet.row(3).set_cell_error(1, "#DIV/0!")
    sheet.row(1).hidden = True
    sheet.col(2).hidden = True
    file = BytesIO()
    book.save(file)

    raw = read(file.getvalue(), tmp_path)
    without = read(file.getvalue(), tmp_path, hidden="leave_out")

    assert cells(raw) == [["0", "1", "2"], ["3", "4", "5"], ["6", "7", "8"], ["", "#DIV/0!", ""]]
    assert codes(raw) == {"dataset.hidden_cells": {"rows": 1, "columns": 1}}
    assert cells(without) == [["0", "1"], ["6", "7"], ["", "#DIV/0!"]]


def test_a_random_sheet_is_what_openpyxl_reads(tmp_path):
    draw = random.Random(5)
    values = [1, 2.5, -1e9, "x", "日本", True, None, None, 0.1, "1,5", datetime.datetime(2020, 2, 29)]
    rows = [[draw.choice(values) for _ in range(7)] for _ in range(60)]
    content = workbook([["a", "b", "c", "d", "e", "f", "g"], *rows])

    oracle = openpyxl.load_workbook(BytesIO(content)).active
    expected = [
        [_plain(value) for value in row]
        for row in oracle.iter_rows(values_only=True)
        if any(value is not None for value in row)
    ]

    assert cells(read(content, tmp_path)) == expected


def _plain(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d")
    return f"{value:.0f}" if isinstance(value, float) and value == int(value) else str(value)


def test_a_part_packed_a_thousand_times_smaller_is_refused_unread(tmp_path):
    content = handmade("", extra={"xl/media/image.xml": b" " * (100 << 20)})

    with pytest.raises(MuscopeError, match=r"dataset\.workbook_too_large\("):
        read(content, tmp_path)


def test_entities_that_multiply_are_refused(tmp_path):
    entities = '<!ENTITY a0 "x">' + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    content = handmade('<row r="1"><c r="A1" t="e"><v>&a9;</v></c></row>')
    content = rewritten(content, "sheet1.xml", lambda part: f"<!DOCTYPE w [{entities}]>{part}")

    with pytest.raises(MuscopeError, match=r"dataset\.workbook_damaged\("):
        read(content, tmp_path)


def compound_file(*names: str) -> bytes:
    """Return a compound file of a header, a directory of empty streams, and the table of both sectors."""
    end, unused = 0xFFFFFFFE, 0xFFFFFFFF
    head = bytearray(MAGIC.ljust(512, b"\0"))
    struct.pack_into("<H", head, 30, 9)
    struct.pack_into("<4I", head, 44, 1, 0, 0, 4096)  # tables, directory, …, small streams
    struct.pack_into("<4I", head, 60, end, 0, end, 0)
    struct.pack_into("<109I", head, 76, 1, *[unused] * 108)
    directory = bytearray()
    for name in names:
        entry = bytearray(name.encode("utf-16-le").ljust(128, b"\0"))
        struct.pack_into("<HB", entry, 64, 2 * len(name) + 2, 2)
        directory += entry
    return bytes(head + directory.ljust(512, b"\0") + struct.pack("<128I", end, end, *[unused] * 126))


def test_a_password_is_named_as_the_reason(tmp_path):
    source = tmp_path / "secret.xlsx"
    source.write_bytes(compound_file("Root Entry", "EncryptionInfo", "EncryptedPackage"))

    with pytest.raises(MuscopeError, match=r"dataset\.is_encrypted\("):
        prepare_file(source, IngestOptions())


def test_an_old_document_is_no_workbook(tmp_path):
    source = tmp_path / "table.xls"
    source.write_bytes(compound_file("Root Entry", "WordDocument"))

    with pytest.raises(MuscopeError, match=r"dataset\.is_document\("):
        prepare_file(source, IngestOptions())
