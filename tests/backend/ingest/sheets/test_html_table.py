"""Web pages and the XML of Excel 2003, as systems write them under the name .xls."""

import pytest

from muscope.backend.errors import MuscopeError
from tests.backend.ingest.sheets.workbooks import cells, codes, read


def page(body: str, head: str = "") -> bytes:
    return f"<html><head>{head}</head><body>{body}</body></html>".encode()


def table(rows, cell="td") -> str:
    return "".join(f"<tr>{''.join(f'<{cell}>{value}</{cell}>' for value in row)}</tr>" for row in rows)


def test_the_cells_of_a_table_are_read(tmp_path):
    header, row = "<th>a&amp;b</th><th>c<br>d</th>", "<td> 1 </td><td><b>2</b>&nbsp;3</td>"
    body = f"<p>x</p><table><tr>{header}</tr><tr>{row}</tr></table>"

    raw = read(page(body), tmp_path)

    assert cells(raw) == [["a&b", "c d"], ["1", "2 3"]]
    assert raw.is_named


def test_ends_may_be_left_out(tmp_path):
    assert cells(read(b"<table><tr><td>a<td>b<tr><td>1<td>2</table>", tmp_path)) == [["a", "b"], ["1", "2"]]


@pytest.mark.parametrize(
    ("encoding", "name"), [("cp932", "Shift_JIS"), ("utf-8", "utf-8"), ("euc_jp", "EUC-JP")]
)
def test_a_page_is_read_in_the_encoding_that_it_declares(encoding, name, tmp_path):
    head = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={name}"></head>'

    assert cells(read(f"{head}<table><tr><td>名前<td>値</table>".encode(encoding), tmp_path)) == [
        ["名前", "値"]
    ]


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig", "utf-16"])
def test_a_page_that_declares_nothing_is_read_too(encoding, tmp_path):
    assert cells(read("<table><tr><td>名前<td>値</table>".encode(encoding), tmp_path)) == [["名前", "値"]]


def test_spans_are_merged_cells(tmp_path):
    body = (
        "<table><tr><th rowspan=2>id</th><th colspan=2>2024</th></tr><tr><th>sales</th><th>cost</th></tr>"
        "<tr><td rowspan=2>Tokyo</td><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>"
    )

    assert cells(read(page(body), tmp_path)) == [
        ["id", "2024 / sales", "2024 / cost"],
        ["Tokyo", "1", "2"],
        ["Tokyo", "3", "4"],
    ]


def test_the_number_that_excel_stored_is_taken_for_the_one_it_showed(tmp_path):
    row = '<td x:num="0.123456789">0.12</td><td x:num="45322">2024/1/31</td><td x:num>5</td>'
    body = f"<table><tr>{row}</tr></table>"

    assert cells(read(page(body), tmp_path)) == [["0.123456789", "2024/1/31", "5"]]


def test_of_several_tables_the_largest_is_taken_and_the_others_are_offered(tmp_path):
    small, large = table([["menu", "help"]]), table([["a", "b"]] * 9)
    content = page(f"<table>{small}</table><table>{large}</table>")

    raw = read(content, tmp_path)

    assert len(cells(raw)) == 9
    assert [(d.option, d.value, d.choices) for d in raw.decisions] == [("member", "2", ("1", "2"))]
    assert cells(read(content, tmp_path, member="1")) == [["menu", "help"]]


def test_a_table_within_a_table_is_a_table_of_its_own(tmp_path):
    inner = table([["a", "b"], [1, 2], [3, 4]])

    raw = read(page(f"<table><tr><td>menu</td><td><table>{inner}</table></td></tr></table>"), tmp_path)

    assert cells(raw) == [["a", "b"], ["1", "2"], ["3", "4"]]


def test_a_page_without_a_table_is_refused(tmp_path):
    with pytest.raises(MuscopeError, match=r"dataset\.html_without_table\("):
        read(page("<h1>Please log in</h1>"), tmp_path)


def test_spans_cannot_fill_the_memory(tmp_path):
    with pytest.raises(MuscopeError, match=r"dataset\.too_many_cells\("):
        read(b"<table>" + b"<tr><td colspan=99999>x" * 10_001, tmp_path)


SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"


def xml_workbook(rows: str, more: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="{SPREADSHEET}" '
        f'xmlns:ss="{SPREADSHEET}"><Worksheet ss:Name="S"><Table>{rows}</Table></Worksheet>{more}</Workbook>'
    ).encode()


def data(kind: str, text: object, **attributes: int) -> str:
    placed = " ".join(f'ss:{name}="{value}"' for name, value in attributes.items())
    return f'<Cell {placed}><Data ss:Type="{kind}">{text}</Data></Cell>'


def test_xml_of_excel_2003_is_read(tmp_path):
    rows = (
        f"<Row>{data('String', '名前')}{data('String', 'x')}{data('String', 'z', Index=4)}</Row>"
        f"<Row ss:Index='3'>{data('Number', '1.5E-3')}{data('Boolean', 1)}{data('Error', '#N/A')}"
        f"{data('DateTime', '2024-01-31T00:00:00.000')}</Row>"
        f"<Row>{data('Number', '12345678901')}{data('DateTime', '1899-12-31T13:05:00.000')}"
        f"{data('DateTime', '2024-01-31T13:05:00.000')}</Row>"
    )

    raw = read(xml_workbook(rows), tmp_path)

    assert [record.row for record in raw.records] == [1, 3, 4]
    assert cells(raw) == [
        ["名前", "x", "", "z"],
        ["0.0015", "TRUE", "#N/A", "2024-01-31"],
        ["12345678901", "13:05:00", "2024-01-31 13:05:00", ""],
    ]


def test_xml_of_excel_2003_has_merged_cells_hidden_rows_and_sheets(tmp_path):
    rows = (
        f"<Row>{data('String', 'id', MergeDown=1)}{data('String', 'g', MergeAcross=1)}</Row>"
        f"<Row>{data('String', 'a', Index=2)}{data('String', 'b')}</Row>"
        f"<Row ss:Hidden='1'>{data('Number', 1)}{data('Number', 2)}{data('Number', 3)}</Row>"
    )
    more = f'<Worksheet ss:Name="T"><Table><Row>{data("Number", 1)}</Row></Table></Worksheet>'

    raw = read(xml_workbook(rows, more), tmp_path)

    assert cells(raw) == [["id", "g / a", "g / b"], ["1", "2", "3"]]
    assert [(d.option, d.value) for d in raw.decisions] == [("member", "S"), ("hidden", "use")]
    assert codes(raw)["dataset.hidden_cells"] == {"rows": 1, "columns": 0}


@pytest.mark.parametrize(
    "rows", ["<Row ss:Index='9999999'/>", f"<Row>{data('Number', 1, Index=0)}</Row>", "<Row><Cell>"]
)
def test_xml_that_no_excel_wrote_is_refused(rows, tmp_path):
    with pytest.raises(MuscopeError, match=r"dataset\.workbook_damaged\("):
        read(xml_workbook(rows), tmp_path)
