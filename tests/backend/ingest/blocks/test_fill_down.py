"""Names that stand in the first row of a group only."""

import pytest

from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions
from tests.backend.ingest.delimited.text_files import column, decision, names, notes, profile_of


def _line(i):
    group, day = ("ABC"[i // 8] if i % 8 == 0 else ""), (f"2024-03-0{i // 4 + 1}" if i % 4 == 0 else "")
    return f"{group},{day},{i * 37 % 19},{'ab'[i % 2]}\n"


GROUPS = "line,day,b,kind\n" + "".join(map(_line, range(24)))


@pytest.fixture
def read(tmp_path):
    """Read a text as an uploaded file."""

    def reading(content, **options):
        source = tmp_path / "upload"
        source.write_text(content)
        return prepare_file(source, IngestOptions(**options))

    return reading


def test_names_of_groups_are_filled_down_and_that_is_asked(read):
    prepared = read(GROUPS)

    asked = decision(prepared, "fill_down")
    assert (asked.value, asked.is_question, asked.choices) == ("fill", True, ("fill", "leave"))
    assert asked.examples == ("line", "day")
    assert [column(prepared, name).num_missing for name in ("line", "day")] == [0, 0]
    (said,) = (note for note in profile_of(prepared).notes if note.code == "dataset.filled_down")
    assert said.params == {"columns": "line, day", "count": 21 + 18}


def test_blank_cells_stay_blank_where_their_owner_says_so(read):
    prepared = read(GROUPS, fill_down="leave")

    assert column(prepared, "line").num_missing == 21
    assert not decision(prepared, "fill_down").is_question
    assert "filled_down" not in notes(prepared)


def test_rows_that_are_numbered_before_the_group_change_nothing(read):
    head, *rows = GROUPS.splitlines()
    content = "\n".join([f"no,{head}", *(f"{i},{row}" for i, row in enumerate(rows, start=1))])

    assert decision(read(content), "fill_down").examples == ("line", "day")


OTHER = {
    "a flag now and then": lambda i: "H" if i % 6 == 0 else "",
    "measured now and then": lambda i: f"{i / 7:.2f}" if i % 6 == 0 else "",
    "first cell blank": lambda i: "ABCD"[i // 6] if i % 6 == 3 else "",
    "few blanks": lambda i: f"n{i}" if i % 6 else "",
}


@pytest.mark.parametrize("name", OTHER)
def test_other_blank_cells_are_missing_values(read, name):
    prepared = read(
        "x,b,kind\n" + "".join(f"{OTHER[name](i)},{i * 37 % 19},{'ab'[i % 2]}\n" for i in range(24))
    )

    assert names(prepared) == ["x", "b", "kind"]
    assert all(each.option != "fill_down" for each in profile_of(prepared).decisions)
