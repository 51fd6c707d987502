"""Limits of detection, error ranges, and how what was read is shown."""

import pytest

from muscope.backend.domain.spec.dataset import ColumnKind
from tests.backend.ingest.delimited.text_files import body, column, profile_of


@pytest.mark.parametrize("share", [3, 7])
def test_limits_of_detection_are_numbers_however_frequent(read, share):
    lines = (f"{'<0.01' if i % 10 < share else i / 100},{'pq'[i % 2]}\n" for i in range(80))

    found = column(read("lead,kind\n" + "".join(lines)), "lead")

    assert (found.kind, found.read_as, found.minimum, found.maximum) == (
        ColumnKind.NUMERIC,
        "bound",
        0.01,
        0.79,
    )


def test_limits_beside_decimal_commas_are_numbers(read):
    lines = (
        f"{'< 0,1' if i % 10 == 0 else str(i / 8).replace('.', ',')};{'pq'[i % 2]}\n" for i in range(1, 50)
    )

    found = column(read("lead;kind\n" + "".join(lines)), "lead")

    assert (found.kind, found.num_missing, found.minimum) == (ColumnKind.NUMERIC, 0, 0.1)


def test_ranges_stay_categories(read):
    lines = (f"{['<10', '10-20', '>20'][i % 3]},{'pq'[i % 2]}\n" for i in range(60))

    assert column(read("age,kind\n" + "".join(lines)), "age").kind is ColumnKind.CATEGORICAL


def test_an_error_range_is_cut_off_and_that_is_said(read):
    prepared = read("length,kind\n" + body("{half}±0.1,{ab}"))

    found = column(prepared, "length")
    assert (found.kind, found.read_as, found.maximum) == (ColumnKind.NUMERIC, "plus_minus", 11.5)
    (said,) = (note for note in profile_of(prepared).notes if note.code == "dataset.read_plus_minus")
    assert said.params["text"] == "0.0±0.1"


def test_the_example_of_a_way_to_write_is_a_cell_that_is_written_so(read):
    lines = (f'"{i}0,5{"-" if i % 3 else ""}";{"pq"[i % 2]}\n' for i in range(30))

    prepared = read("amount;kind\n" + "".join(lines))

    (said,) = (note for note in profile_of(prepared).notes if note.code == "dataset.read_trailing_minus")
    assert (said.params["text"], said.params["value"]) == ("10,5-", "-10.5")


def test_long_whole_numbers_are_shown_in_full(read):
    prepared = read("item,kind\n" + body("49000000{big},{ab}"))

    assert column(prepared, "item").examples == ("490000001000", "490000001037", "490000001074")
