"""Splits into training and held-out rows: who chose them, and what they must not share."""

import numpy as np
import pytest

from muscope.backend.domain.spec.dataset import ColumnKind
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.splits.columns import unit_columns
from muscope.backend.ingest.splits.divide import divide, split_decision
from muscope.backend.ingest.splits.equal_rows import equal_rows
from muscope.backend.ingest.splits.split import split
from muscope.backend.ingest.table.columns import Column
from tests.backend.ingest.tables import SHA256, label_of, numbers, texts

RNG = np.random.Generator(np.random.PCG64(7))


def _both(division) -> list[int]:
    return sorted([*division.train.tolist(), *division.val.tolist()])


def _times(values):
    return numbers("date", values, ColumnKind.TIME)


def test_rows_are_equal_if_all_their_cells_are_and_missing_cells_are_equal():
    cells = [1, 1, np.nan, np.nan, 0.0, -0.0, 2]
    words = ["x", "x", None, None, "x", "x", "x"]

    found = equal_rows([numbers("a", cells), texts("c", words)], np.arange(7))

    rows = [(str(cell + 0.0), word) for cell, word in zip(cells, words, strict=True)]
    expected = [[first == second for first in rows] for second in rows]
    np.testing.assert_array_equal(found[:, None] == found, expected)


def test_labels_can_tell_equal_rows_apart():
    found = equal_rows([numbers("a", [1, 1, 1])], np.arange(3), np.array([5.0, 5.0, 6.0]))

    assert found[0] == found[1] != found[2]


def test_a_table_without_equal_rows_is_split_as_it_always_was():
    label = label_of(["a", "b", "b", "c"] * 30)
    columns = [numbers("x", np.arange(120))]

    division = divide(label, columns, None, SHA256)

    train, val = split(label, SHA256)
    np.testing.assert_array_equal(division.train, train)
    np.testing.assert_array_equal(division.val, val)


@pytest.mark.parametrize("is_number", [False, True])
def test_equal_rows_are_on_one_side_and_the_shares_stay(is_number):
    cells = RNG.integers(0, 300, 1000)
    y = cells % 7 + 0.5 if is_number else ["no" if cell % 4 else "yes" for cell in cells]
    label = label_of(y)

    division = divide(label, [numbers("x", cells)], None, SHA256)

    assert _both(division) == list(range(1000))
    assert set(cells[division.train]) & set(cells[division.val]) == set()
    assert division.num_repeated == 0
    assert len(division.val) == pytest.approx(200, abs=8)
    if not is_number:
        is_yes = cells % 4 == 0
        assert is_yes[division.val].sum() == pytest.approx(0.2 * is_yes.sum(), abs=8)


def test_equal_rows_are_divided_where_there_are_too_few_different_ones():
    cells = np.repeat([0, 1], 50)

    division = divide(label_of(["no", "yes"] * 50), [numbers("x", cells)], "random", SHA256)

    assert len(division.val) == 20
    assert division.num_repeated == 20


def test_by_time_the_last_fifth_validates_and_rows_without_a_time_train():
    times = np.append(RNG.permutation(95).astype(float), [np.nan] * 5)
    label = label_of(RNG.random(100))

    division = divide(label, [_times(times), numbers("x", RNG.random(100))], "time:date", SHA256)

    assert _both(division) == list(range(100))
    assert sorted(times[division.val]) == list(range(75, 95))
    assert division.value == "time:date"


def test_by_time_rows_of_one_time_stay_together():
    days = np.repeat(np.arange(10), 10) + 1.7e9

    division = divide(label_of(RNG.random(100)), [_times(days)], "time:date", SHA256)

    assert set(days[division.val]) == {1.7e9 + 8, 1.7e9 + 9}


def test_a_time_split_uses_only_rows_with_a_label():
    label = label_of([*RNG.random(50), *([np.nan] * 50)])

    division = divide(label, [_times(np.arange(100))], "time:date", SHA256)

    assert sorted(division.val) == list(range(40, 50))


@pytest.mark.parametrize("is_number", [False, True])
def test_by_group_no_unit_is_on_both_sides_and_classes_keep_their_shares(is_number):
    patients = RNG.integers(0, 200, 2000)
    sick = RNG.random(200) < 0.3
    label = label_of(
        patients + RNG.random(2000) if is_number else ["sick" if sick[p] else "well" for p in patients]
    )

    division = divide(
        label, [numbers("patient", patients), numbers("x", RNG.random(2000))], "group:patient", SHA256
    )

    assert _both(division) == list(range(2000))
    assert set(patients[division.train]) & set(patients[division.val]) == set()
    assert len(division.val) == pytest.approx(400, abs=60)
    assert sick[patients[division.val]].mean() == pytest.approx(sick[patients].mean(), abs=0.05) or is_number


def test_rows_without_a_unit_are_units_of_their_own():
    machines = [None if place % 2 else f"m{place % 20}" for place in range(200)]

    division = divide(label_of(RNG.random(200)), [texts("machine", machines)], "group:machine", SHA256)

    in_val = {machines[place] for place in division.val} - {None}
    assert in_val & {machines[place] for place in division.train} == set()
    assert len(division.val) == pytest.approx(40, abs=10)


def test_units_are_no_feature_when_they_divide_the_rows():
    columns = [texts("machine", [f"m{place % 20}" for place in range(200)]), numbers("x", RNG.random(200))]

    division = divide(label_of(RNG.random(200)), columns, "group:machine", SHA256)

    assert [column.name for column in division.features_of(columns)] == ["x"]


def test_two_large_units_are_divided_one_against_the_other():
    sites = ["east"] * 60 + ["west"] * 40

    division = divide(label_of(RNG.random(100)), [texts("site", sites)], "group:site", SHA256)

    assert sorted(division.val) == list(range(60, 100))


def test_a_file_may_say_itself_which_rows_validate():
    label = label_of(RNG.random(50))
    columns = [numbers("x", RNG.random(50))]
    given = np.arange(45, 50)

    division = divide(label, columns, None, SHA256, given)

    assert (division.value, sorted(division.val)) == ("given", list(range(45, 50)))
    assert split_decision(division, label, columns, given).choices == ("given", "random")


@pytest.mark.parametrize(
    ("wanted", "code", "params"),
    [
        ("given", "no_given_split", {}),
        ("by date", "unknown_split", {"given": "by date"}),
        ("random:x", "unknown_split", {"given": "random:x"}),
        ("time:", "unknown_split", {"given": "time:"}),
        ("time:when", "unknown_split_column", {"column": "when", "columns": "x, c, date, long"}),
        ("time:c", "split_needs_time", {"column": "c"}),
        ("time:x", "split_one_time", {"column": "x"}),
        ("group:x", "split_one_group", {"column": "x"}),
        ("group:long", "split_too_many_groups", {"column": "long", "count": 5000}),
        ("time:date", "split_one_class", {"column": "y", "value": "early", "split": "time"}),
    ],
)
def test_what_cannot_divide_the_rows_is_named(wanted, code, params):
    columns = [
        numbers("x", np.ones(100)),
        texts("c", ["p", "q"] * 50),
        _times(np.arange(100)),
        Column("long", ColumnKind.CATEGORICAL, 0, 5000, ()),
    ]

    with pytest.raises(InvalidInput) as raised:
        divide(label_of(["early"] * 80 + ["late"] * 20), columns, wanted, SHA256)

    assert (raised.value.code, raised.value.params) == (f"dataset.{code}", params)


def test_the_decision_offers_the_columns_that_can_divide():
    patients = np.repeat(np.arange(50), 8)
    columns = [
        _times(np.arange(400)),
        numbers("患者番号", patients),
        numbers("weight", RNG.random(400)),
        texts("colour", ["red", "blue"] * 200),
    ]
    label = label_of(RNG.random(400))

    guessed, asked = (
        split_decision(divide(label, columns, way, SHA256), label, columns) for way in (None, "time:weight")
    )

    assert (guessed.value, guessed.is_guessed) == ("random", True)
    assert guessed.choices == ("random", "time:date", "group:患者番号")
    assert (asked.value, asked.is_guessed) == ("time:weight", False)
    assert asked.choices == ("random", "time:date", "group:患者番号", "time:weight")


@pytest.mark.parametrize("name", ["patient_id", "customerId", "号機", "ロットNo.", "Machine", "site code"])
def test_units_are_known_by_their_name(name):
    columns = [numbers(name, np.repeat(np.arange(20), 5)), numbers("x", RNG.random(100))]

    assert [units.name for units in unit_columns(columns, np.arange(100))] == [name]


@pytest.mark.parametrize("name", ["unit_price", "plot", "width", "video", "番号札の色"])
def test_other_columns_whose_values_repeat_name_no_units(name):
    columns = [numbers(name, np.repeat(np.arange(20), 5)), numbers("x", RNG.random(100))]

    assert unit_columns(columns, np.arange(100)) == []


def test_units_without_a_telling_name_are_known_by_what_never_changes_within_them():
    who = np.repeat(np.arange(40), 6)
    born, sex = (40 + who * 7 % 23).astype(float), who % 2
    columns = [numbers("who", who), numbers("born", born), numbers("sex", sex), numbers("x", RNG.random(240))]

    assert [units.name for units in unit_columns(columns, np.arange(240))] == ["who"]


def test_a_number_for_each_row_names_no_units():
    columns = [numbers("id", np.arange(100)), numbers("x", RNG.random(100))]

    assert unit_columns(columns, np.arange(100)) == []
