"""Values in text tables: dates, levels, identifiers, and what is asked about them."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from muscope.backend.domain.spec.dataset import ColumnKind, ColumnUse
from muscope.backend.ingest.values.numbers import read_numbers
from tests.backend.ingest.delimited.text_files import (
    ROWS,
    body,
    column,
    decision,
    names,
    notes,
    profile_of,
)


def test_codes_keep_their_zeros_and_long_numbers_their_digits(read):
    zeros = column(read("zip,b,kind\n" + body("0{third}0,{half},{ab}")), "zip")
    long = column(read("n,b,kind\n" + body("900719925474099{third},{half},{ab}")), "n")

    assert (zeros.kind, zeros.read_as, zeros.examples) == (
        ColumnKind.CATEGORICAL,
        "codes",
        ("000", "010", "020"),
    )
    assert long.num_distinct == 3


def test_spellings_of_one_level_are_joined(read):
    prepared = read(
        "flag,b\n" + "".join(f"{['TRUE', 'True', 'ｔｒｕｅ', 'FALSE'][i % 4]},{i}.5\n" for i in range(ROWS))
    )

    assert column(prepared, "flag").num_distinct == 2
    assert "levels_merged" in notes(prepared)


def test_none_is_a_class_where_it_is_frequent_unless_the_owner_says_otherwise(read):
    content = "a,severity\n" + "".join(f"{i}.5,{('None', 'mild', 'severe')[i % 3]}\n" for i in range(30))

    assert read(content).manifest.shape.num_outputs == 3
    assert "none_is_level" in notes(read(content))
    assert read(content, missing=("None",)).manifest.shape.num_outputs == 2


TIMES = {
    "iso": ("2024-01-{day:02}", "date"),
    "iso with a clock": ("2024-01-{day:02}T10:{day:02}:00Z", "datetime"),
    "japanese": ("2024年1月{day}日", "date"),
    "an era": ("令和6年1月{day}日", "date"),
    "letters of an era": ("R6.1.{day}", "date"),
    "german": ("{day}.1.2024", "date"),
    "american with a month": ("Jan {day}, 2024", "date"),
    "eight digits": ("202401{day:02}", "date"),
}


@pytest.mark.parametrize("name", TIMES)
def test_dates_are_read_in_every_usual_form(read, name):
    line, kind = TIMES[name]
    cells = [line.format(day=day) for day in range(1, 29)]
    content = "when\tb\n" + "".join(f"{cell}\t{i}.5\n" for i, cell in enumerate(cells))

    found = column(read(content), "when")

    assert (found.kind, found.read_as) == (ColumnKind.TIME, kind)
    expected = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 1, 28), eager=True).dt.epoch("s")
    assert found.minimum // 86_400 == expected[0] // 86_400
    assert found.maximum // 86_400 == expected[-1] // 86_400


def test_a_date_becomes_elapsed_time_and_its_cycles(read):
    content = "when,b\n" + "".join(
        f"{day},{i}.5\n" for i, day in enumerate(np.arange("2023-01-01", "2023-12-31", dtype="datetime64[D]"))
    )

    prepared = read(content)

    assert prepared.meta["feature_names"] == [
        "when",
        "when week sin",
        "when week cos",
        "when year sin",
        "when year cos",
    ]
    assert np.abs(prepared.arrays["x_train"][:, 1:]).max() <= 1


def dated(dates):
    return "when,b\n" + "".join(f"{dates[i % len(dates)]},{i}.5\n" for i in range(ROWS))


UNCLEAR = [f"0{1 + 7 * i % 9}/03/2024" for i in range(9)]


def test_day_and_month_that_cannot_be_told_apart_are_asked_about(read):
    found = decision(read(dated(UNCLEAR)), "dates")

    assert (found.value, found.is_question, found.choices) == (
        "day_first",
        True,
        ("day_first", "month_first"),
    )
    assert found.examples[0] == "01/03/2024"


@pytest.mark.parametrize(
    ("order", "latest"),
    [("day_first", datetime(2024, 3, 9, tzinfo=UTC)), ("month_first", datetime(2024, 9, 3, tzinfo=UTC))],
)
def test_an_answer_about_day_and_month_is_followed(read, order, latest):
    prepared = read(dated(UNCLEAR), dates=order)

    assert column(prepared, "when").maximum == latest.timestamp()
    assert not decision(prepared, "dates").is_question


@pytest.mark.parametrize(
    ("dates", "latest"),
    [
        (
            [f"{1 + i % 12}/1/{2020 + i // 12}" for i in range(ROWS)],
            datetime(2021, 12, 1, tzinfo=UTC),
        ),  # months, as in America
        ([f"1/{1 + i % 12}/{2020 + i // 12}" for i in range(ROWS)], datetime(2021, 12, 1, tzinfo=UTC)),
        (
            [f"0{1 + i % 9}/0{3 + i // 9}/2024" for i in range(ROWS)],
            datetime(2024, 5, 6, tzinfo=UTC),
        ),  # sorted by day
        ([f"0{3 + i // 9}/0{1 + i % 9}/2024" for i in range(ROWS)], datetime(2024, 5, 6, tzinfo=UTC)),
    ],
)
def test_dates_that_show_their_order_are_not_asked_about(read, dates, latest):
    prepared = read(dated(dates))

    assert column(prepared, "when").maximum == latest.timestamp()
    assert all(each.option != "dates" for each in profile_of(prepared).decisions)


def test_identifiers_and_free_text_are_left_out_with_a_reason_and_can_be_used(read):
    line = "u{i},{i},the quick brown fox number {i} jumps,{half},{ab}"
    content = "user,id,remark,a,kind\n" + body(line)

    prepared = read(content)

    assert {each.name: each.left_out for each in profile_of(prepared).columns if each.left_out} == {
        "user": "identifier", "id": "row_number", "remark": "free_text",
    }  # fmt: skip
    used = read(content, columns={"id": ColumnUse.NUMBER, "a": ColumnUse.LEAVE_OUT})
    assert used.meta["feature_names"] == ["id"]


@pytest.mark.parametrize(
    ("content", "option", "value", "is_question"),
    [
        (body("{half},{big},{ab}"), "header", "0", True),
        (body("{half},{big},{third}"), "header", "0", False),
        ("a,year\n" + body("{half},20{third}4", 60), "task", "regression", True),
        ("a,sold\n" + "".join(f"{i}.5,{i % 18}\n" for i in range(90)), "task", "regression", True),
        ("a,kind\n" + body("{half},{third}"), "task", "classification", False),
    ],
)
def test_what_is_unclear_is_asked(read, content, option, value, is_question):
    found = decision(read(content), option)

    assert (found.value, found.is_question, found.is_guessed) == (value, is_question, True)
    assert len(found.choices) > 1


def test_an_answer_ends_the_question(read):
    content = body("{half},{big},{ab}")
    first, none = read(content, header=1), read(content, header=0)

    assert not decision(first, "header").is_question
    assert names(first) == ["0.0", "1000", "a"]
    assert (profile_of(first).num_rows, profile_of(none).num_rows) == (ROWS - 1, ROWS)


@pytest.mark.parametrize("number", ["12", "１２", "-inf", "∞", "▲3", "５%"])
def test_one_number_among_words_is_read_and_words_are_none(number):
    words = ["red", "green", "-", "", "ー"] * 20

    assert not read_numbers(pl.Series(words)).is_number.any()
    assert read_numbers(pl.Series([*words, number])).is_number.nonzero()[0].tolist() == [len(words)]
