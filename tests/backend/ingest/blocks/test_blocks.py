"""Several tables in one file or sheet: one is read, and the choice is its owner's."""

from io import BytesIO

import openpyxl
import pytest

from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions
from tests.backend.ingest.delimited.text_files import PLAIN, ROWS, body, decision, names, notes, profile_of

OTHER = "c,d,e,f\n" + body("{half},{big},{ab},{third}", 12)
STACKED = PLAIN + "\n\nCalibration,,,\n" + OTHER
PADDED = (PLAIN + "\n\nCalibration,,\n").replace("\n", ",\n") + OTHER
BESIDE = "a,b,kind,,c,d\n" + "".join(
    f"{i / 2},{1000 + 37 * i},{'ab'[i % 2]},," + (f"{i},{i * 3}\n" if i < 12 else ",\n") for i in range(ROWS)
)


@pytest.fixture
def read(tmp_path):
    """Read a text or bytes as an uploaded file."""

    def reading(content, **options):
        source = tmp_path / "upload"
        source.write_bytes(content.encode() if isinstance(content, str) else content)
        return prepare_file(source, IngestOptions(**options))

    return reading


def sheet_of(text):
    """Return an XLSX file with the same cells, beginning in column B."""
    book = openpyxl.Workbook()
    for row, line in enumerate(text.splitlines(), start=1):
        for column, cell in enumerate(line.split(","), start=2):
            number = cell.replace(".", "", 1)
            value = float(cell) if number.isdigit() else cell or None
            book.active.cell(row, column, value)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("content", [STACKED, PADDED, STACKED.replace(",", "::")])
def test_of_tables_below_one_another_the_largest_is_read_and_the_choice_is_asked(read, content):
    prepared = read(content)

    asked = decision(prepared, "area")
    below = f"A{ROWS + 5}"
    assert (asked.value, asked.is_question, asked.choices) == ("A1", True, ("A1", below))
    assert asked.examples == ("A1: a, b, kind", f"{below}: c, d, e, …")
    assert (names(prepared)[:3], profile_of(prepared).num_rows) == (["a", "b", "kind"], ROWS)
    assert "other_tables" in notes(prepared)


@pytest.mark.parametrize("content", [STACKED, PADDED, STACKED.replace(",", "::"), sheet_of(STACKED)])
def test_the_other_table_is_read_when_its_cell_is_named(read, content):
    cell = f"{'A' if isinstance(content, str) else 'B'}{ROWS + 5}"

    prepared = read(content, area=cell)

    assert (names(prepared), profile_of(prepared).num_rows) == (["c", "d", "e", "f"], 12)
    assert not decision(prepared, "area").is_question


@pytest.mark.parametrize("content", [BESIDE, sheet_of(BESIDE)])
def test_tables_side_by_side_are_told_apart_by_where_they_end(read, content):
    first, second = ("A1", "E1") if isinstance(content, str) else ("B1", "F1")

    left, right = read(content), read(content, area=second)

    assert decision(left, "area").choices == (first, second)
    assert (names(left), profile_of(left).num_rows) == (["a", "b", "kind"], ROWS)
    assert (names(right), profile_of(right).num_rows) == (["c", "d"], 12)


def test_a_blank_column_within_a_table_divides_nothing(read):
    prepared = read("a,b,,c,kind\n" + body("{half},{big},,{third},{ab}"))

    assert names(prepared) == ["a", "b", "c", "kind"]


def test_a_table_too_small_for_a_dataset_is_named_and_not_offered(read):
    prepared = read(PLAIN + "\nstandard,read\n10,10.2\n20,20.1\n30,30.4\n")

    assert (names(prepared), profile_of(prepared).num_rows) == (["a", "b", "kind"], ROWS)
    (said,) = (note for note in profile_of(prepared).notes if note.code == "dataset.other_tables")
    assert said.params == {"count": 1, "tables": f"A{ROWS + 3}: standard, read"}
    assert all(each.option != "area" for each in profile_of(prepared).decisions)


def test_gaps_and_repeated_headers_make_no_second_table(read):
    rows = body("{half},{big},{ab}")

    for content in (PLAIN + "\n\n" + rows, PLAIN + "\na,b,kind\n" + rows, PLAIN + "\nGroup B,,\n" + rows):
        prepared = read(content)
        assert all(each.option != "area" for each in profile_of(prepared).decisions)
        assert profile_of(prepared).num_rows >= 2 * ROWS


def test_a_cell_below_every_table_is_refused_with_those_that_there_are(read):
    with pytest.raises(InvalidInput) as refused:
        read(STACKED, area="A99")

    assert refused.value.code == "dataset.unknown_area"
    assert refused.value.params == {"area": "A99", "areas": f"A1, A{ROWS + 5}"}
