"""Recognition of columns and cells: named where it is clear, asked where it is not."""

from __future__ import annotations

import math
from functools import partial

import pytest

from muscope.backend.errors import InvalidInput, MuscopeError
from muscope.backend.ingest.rows.columns import decimal_of, numbers_of
from muscope.backend.ingest.rows.records import plain_numbers
from muscope.backend.sweeps.reading.roles import ColumnRole, Roles, parse_mapping, recognise, role_of
from muscope.backend.sweeps.reading.rows import Rows, read_rows
from muscope.backend.sweeps.table import Options
from muscope.backend.sweeps.table import rows_of as read_table


def roles_of(names: str, mapping: str = "") -> Roles:
    columns = {name: ["1", "2"] for name in names.split()}
    return recognise(columns, parse_mapping(mapping, list(columns)))


def rows_of(text: str, mapping: str = "") -> Rows:
    """Return the rows of a table written with blanks between cells."""
    lines = [line.split() for line in text.strip().splitlines()]
    columns = {name: [row[place] for row in lines[1:]] for place, name in enumerate(lines[0])}
    columns = {name: ["" if cell == "-" else cell for cell in cells] for name, cells in columns.items()}
    numbers = partial(numbers_of, decimal=decimal_of(columns))
    return read_rows(columns, recognise(columns, parse_mapping(mapping, list(columns))), numbers)


def refusal_of(text: str, mapping: str = "") -> MuscopeError:
    with pytest.raises(InvalidInput) as refused:
        rows_of(text, mapping)
    return refused.value


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("d_model", ColumnRole.WIDTH),
        ("n_layers", ColumnRole.DEPTH),
        ("config.learning_rate", ColumnRole.LR),
        ("val/loss", ColumnRole.LOSS),
        ("Batch Size", ColumnRole.BATCH),
        ("max_steps", ColumnRole.STEPS),
    ],
)
def test_usual_names_are_recognised(name: str, role: ColumnRole):
    columns = {each: ["1", "2"] for each in ({"size", "lr", "loss"} - {str(role)})} | {name: ["1", "2"]}

    assert recognise(columns, {}).single[role] == name


def test_two_losses_are_asked_about():
    with pytest.raises(InvalidInput) as refused:
        roles_of("size lr loss smooth_loss")

    assert refused.value.code == "sweep.several_columns"
    assert refused.value.params["columns"] == "loss, smooth_loss"


def test_the_named_loss_is_taken_and_the_other_one_left_out():
    roles = roles_of("size lr loss smooth_loss", "loss=smooth_loss")

    assert roles.single[ColumnRole.LOSS] == "smooth_loss"
    assert roles.ignored == ("loss",)


def test_an_unknown_column_is_a_condition():
    assert roles_of("size lr loss schedule").conditions == ("schedule",)


def test_a_label_becomes_a_condition_when_it_is_named():
    assert roles_of("size lr loss group").ignored == ("group",)
    assert roles_of("size lr loss group", "condition=group").conditions == ("group",)


def test_a_result_of_the_runs_is_no_condition():
    columns = {"size": ["1"] * 10, "lr": [str(n) for n in range(1, 11)], "loss": ["2"] * 10}
    columns["grad_norm"] = [str(n / 7) for n in range(10)]

    assert recognise(columns, {}).ignored == ("grad_norm",)


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ("size loss", "sweep.no_lr"),
        ("size lr", "sweep.no_loss"),
        ("lr loss", "sweep.no_size"),
    ],
)
def test_a_missing_column_is_named(names: str, code: str):
    with pytest.raises(InvalidInput) as refused:
        roles_of(names)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("mapping", "code"), [("size", "sweep.unknown_role"), ("lr=eta", "sweep.unknown_column")]
)
def test_a_mapping_that_fits_nothing_is_refused(mapping: str, code: str):
    with pytest.raises(InvalidInput) as refused:
        roles_of("size lr loss", mapping)

    assert refused.value.code == code


def test_an_accuracy_is_asked_about_and_then_read_as_an_error_rate():
    table = "size lr accuracy\n128 0.1 0.75\n256 0.1 0.5"

    assert refusal_of(table).code == "sweep.not_a_loss"
    rows = rows_of(table, "accuracy=accuracy")
    assert [run.loss for run in rows.runs] == [0.25, 0.5]
    assert rows.metric == "error_rate"


def test_accuracies_in_percent_become_shares():
    rows = rows_of("size lr acc\n128 0.1 75\n256 0.1 50", "accuracy=acc")

    assert [run.loss for run in rows.runs] == [0.25, 0.5]


def test_a_perplexity_becomes_a_loss():
    rows = rows_of("size lr ppl\n128 0.1 20\n256 0.1 10", "perplexity=ppl")

    assert [run.loss for run in rows.runs] == pytest.approx([math.log(20), math.log(10)])


def test_sizes_with_units_are_read():
    rows = rows_of("size lr loss\n124M 0.1 3\n1.3B 0.1 2")

    assert [run.levels["size"] for run in rows.runs] == [124e6, 1.3e9]


@pytest.mark.parametrize("sizes", [("124", "1.3B"), ("350", "1300000000")])
def test_mixed_units_of_size_are_refused(sizes: tuple[str, str]):
    error = refusal_of(f"size lr loss\n{sizes[0]} 0.1 3\n{sizes[1]} 0.1 2")

    assert error.code == "sweep.mixed_units"


def test_decimal_commas_are_read():
    rows = rows_of("size lr loss\n128 0,001 3,25\n256 0,002 2,5")

    assert [(run.lr, run.loss) for run in rows.runs] == [(0.001, 3.25), (0.002, 2.5)]


def test_commas_and_points_before_decimals_are_not_mixed():
    assert refusal_of("size lr loss\n128 0,001 3.25\n256 0,002 2.5").code == "sweep.mixed_decimals"


def test_nan_inf_and_a_flag_are_divergences_and_an_empty_loss_is_none():
    rows = rows_of("size lr loss diverged\n1 0.1 nan 0\n2 0.1 inf 0\n3 0.1 7.5 1\n4 0.1 - 0\n5 0.1 2.5 0")

    assert [run.has_diverged for run in rows.runs] == [True, True, True, False, False]
    assert [math.isfinite(run.loss) for run in rows.runs] == [False, False, True, False, True]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("128 -3 2", "sweep.lr_not_positive"),
        ("128 fast 2", "sweep.no_number"),
        ("128 0.1 good", "sweep.no_number"),
        ("0 0.1 2", "sweep.extent_not_positive"),
    ],
)
def test_a_cell_that_cannot_be_used_is_named_by_its_row(row: str, code: str):
    error = refusal_of(f"size lr loss\n256 0.1 2\n{row}")

    assert (error.code, error.params["row"]) == (code, 3)


def test_copies_count_once_and_other_rows_of_one_setting_as_repeats():
    rows = rows_of("size lr loss\n128 0.1 3\n128 0.1 3\n128 0.1 3.1\n256 0.1 2")

    assert len(rows.runs) == 3
    assert [note.code for note in rows.notes][:2] == ["copies", "repeats"]


def test_of_a_logged_run_the_last_step_counts():
    rows = rows_of("size lr step loss\n128 0.1 1 9\n128 0.1 3 2\n128 0.1 2 5")

    assert [run.loss for run in rows.runs] == [2.0]


def test_a_run_that_ended_early_has_no_loss_to_compare():
    rows = rows_of("size lr step loss\n128 0.1 100 3\n128 0.2 40 4\n128 0.4 100 2")

    assert [math.isfinite(run.loss) for run in rows.runs] == [True, False, True]
    assert "ended_early" in [note.code for note in rows.notes]


def test_a_run_that_a_tracker_calls_unfinished_has_no_loss_to_compare():
    """The table of runs as W&B exports it: settings by their dotted names, the state, labels, own entries."""
    rows = rows_of(
        "Name State Notes User Created Runtime Sweep model.width optimizer.lr optimizer.name val/loss _step\n"
        "one finished - me now 10 s1 128 0.1 adam 3 100\n"
        "two crashed - me now 10 s1 128 0.2 adam 4 100\n"
        "three failed - me now 10 s1 128 0.4 adam NaN 100"
    )

    assert [(run.levels["width"], run.lr, run.arm) for run in rows.runs] == [
        (128, 0.1, ("adam",)),
        (128, 0.2, ("adam",)),
        (128, 0.4, ("adam",)),
    ]
    assert [math.isfinite(run.loss) for run in rows.runs] == [True, False, False]
    assert [run.has_diverged for run in rows.runs] == [False, False, True]
    assert [note.params for note in rows.notes if note.code == "unended"] == [{"count": 1, "rows": "3"}]


@pytest.mark.parametrize("name", ["aux.loss", "model.name", "optimizer.loss", "data.path"])
def test_a_result_or_label_of_a_section_is_not_taken_for_the_sweeps(name: str):
    assert role_of(name, ["1", "2"]) is ColumnRole.CONDITION


def test_an_empty_cell_is_named_and_empty_rows_below_the_table_are_not_read():
    cells = {"size": ["128", "", "128", ""], "lr": ["0.1", "0.2", "0.4", ""], "loss": ["3", "4", "5", " "]}

    with pytest.raises(InvalidInput) as refused:
        read_table(cells, Options(), plain_numbers)

    assert (refused.value.code, refused.value.params) == ("sweep.empty_cell", {"column": "size", "row": 3})
    cells["size"][1] = "128"
    assert [run.number for run in read_table(cells, Options(), plain_numbers).runs] == [2, 3, 4]


def test_a_setting_tied_to_the_rate_is_not_held_fixed():
    rows = rows_of("size lr decay loss\n128 0.1 10 3\n128 0.2 5 2\n256 0.1 10 3\n256 0.2 5 2")

    assert rows.conditions == ()
    assert [note.params for note in rows.notes if note.code == "changes_with_lr"] == [{"names": "decay"}]


def test_a_condition_crossed_with_the_rate_is_held_fixed():
    rows = rows_of("size lr decay loss\n128 0.1 10 3\n128 0.2 10 2\n128 0.1 5 3\n128 0.2 5 2")

    assert rows.conditions == ("decay",)


def test_rows_without_a_loss_are_counted():
    rows = rows_of("size lr loss\n128 0.1 3\n128 0.2 -")

    assert [note.params["count"] for note in rows.notes if note.code == "no_loss_rows"] == [1]


def test_a_method_tells_arms_apart_where_no_parametrization_is_named():
    assert rows_of("size lr loss method\n128 0.1 3 SP\n128 0.1 2 muP").arm_names == ("parametrization",)
