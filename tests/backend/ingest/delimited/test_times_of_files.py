"""Times as files write them: digits below a name of time, the end of a day, quarters."""

from datetime import UTC, datetime

import pytest

from muscope.backend.domain.spec.dataset import ColumnKind
from tests.backend.ingest.delimited.text_files import column, notes


def seconds(year, month=1, day=1, hour=0):
    return datetime(year, month, day, hour, tzinfo=UTC).timestamp()


CASES = {
    "months": ("年月", "{y}{m:02d}", "date", seconds(2020, 1), seconds(2023, 12)),
    "unix seconds": ("timestamp", "{unix}", "datetime", 1.7e9, 1.7e9 + 47 * 60),
    "unix milliseconds": ("ts", "{unix}000", "datetime", 1.7e9, 1.7e9 + 47 * 60),
    "clock digits": ("時刻", "{h:02d}{i:02d}00", "time_of_day", 0, 23 * 3600 + 47 * 60),
    "end of a day": ("time", "{h24}:00", "time_of_day", 3600, 86_400),
    "quarters": ("period", "{y}Q{q}", "date", seconds(2020, 1), seconds(2023, 10)),
    "quarters in Japanese": ("期", "{y}年度第{q}四半期", "date", seconds(2020, 1), seconds(2023, 10)),
    "business years": ("年度", "令和{era}年度", "date", seconds(2020, 4), seconds(2023, 4)),
    "weekdays": ("日付", "2024/3/{d}(金)", "date", seconds(2024, 3, 1), seconds(2024, 3, 28)),
}


@pytest.mark.parametrize("name", CASES)
def test_times_are_read_as_they_are_meant(read, name):
    title, cell, kind, low, high = CASES[name]
    cells = (
        cell.format(
            i=i, y=2020 + i // 12, m=i % 12 + 1, q=i // 3 % 4 + 1, h=i % 24, h24=i % 24 + 1,
            d=i % 28 + 1, era=i // 12 + 2, unix=1_700_000_000 + 60 * i,
        )
        for i in range(48)
    )  # fmt: skip

    prepared = read(
        f"{title},b,kind\n" + "".join(f"{each},{i * 37 % 19},{i % 2}\n" for i, each in enumerate(cells))
    )

    found = column(prepared, title)
    assert (found.kind, found.read_as) == (ColumnKind.TIME, kind)
    assert (found.minimum, found.maximum) == (low, high)


def test_the_same_few_words_among_dates_are_missing_and_named(read):
    rows = "".join(
        f"{'未定' if i % 5 == 0 else f'2024/3/{i % 28 + 1}'},{i * 37 % 19},{i % 2}\n" for i in range(40)
    )

    prepared = read("day,b,kind\n" + rows)

    assert (column(prepared, "day").kind, column(prepared, "day").num_missing) == (ColumnKind.TIME, 8)
    assert "texts_as_missing" in notes(prepared)


def test_digits_under_another_name_stay_numbers(read):
    rows = "".join(f"{130_000 + i},{1_700_000_000 + i},{202_001 + i % 12},{i % 2}\n" for i in range(40))

    prepared = read("timeout,b,c,kind\n" + rows)

    assert {column(prepared, name).kind for name in ("timeout", "b", "c")} == {ColumnKind.NUMERIC}
