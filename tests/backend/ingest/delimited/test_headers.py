"""Names in several rows, rows above and below them, and what is no name."""

from muscope.backend.ingest.table.header_rows import with_rows_below
from muscope.backend.ingest.table.raw import Record
from tests.backend.ingest.delimited.text_files import ROWS, body, column, names, notes, profile_of

DAYS = body("2024/1/{i},{half},8,{big},5").replace("2024/1/0,", "2024/1/31,")


def test_names_of_three_rows_are_joined_as_the_weather_agency_writes_them(read):
    above = "downloaded: 2024/03/01 10:00:00\n\n"
    header = ",Tokyo,Tokyo,Tokyo,Tokyo\nday,mean (℃),mean (℃),rain (mm),rain (mm)\n,,quality,,quality\n"

    prepared = read(above + header + DAYS)

    assert names(prepared) == [
        "day", "Tokyo mean (℃)", "Tokyo mean (℃) quality", "Tokyo rain (mm)", "Tokyo rain (mm) quality",
    ]  # fmt: skip
    assert profile_of(prepared).num_rows == ROWS
    assert {"rows_above", "headers_below"} <= notes(prepared)


def test_names_of_two_rows_are_joined_where_the_first_repeats(read):
    prepared = read(",Tokyo,Tokyo,Osaka,Osaka\nday,mean,max,mean,max\n" + DAYS)

    assert names(prepared) == ["day", "Tokyo mean", "Tokyo max", "Osaka mean", "Osaka max"]


def test_a_row_of_data_is_no_row_of_units(read):
    rows = body("S{i},{ab},{half},mg/L")

    prepared = read("sample,kind,result,unit\nS99,a,< 0.1,mg/L\n" + rows)

    assert profile_of(prepared).num_rows == ROWS + 1
    assert "units_row" not in notes(prepared)


def test_settings_of_a_logger_as_wide_as_half_a_row_are_no_header(read):
    settings = "Model: L840\nCH1, Temp, K\nCH2, Volt, 10V\n\n"

    prepared = read(
        settings + "Number,Time,CH1,CH2,Alarm\nNO.,time,degC,V,A1\n" + body("{i},{half},{big},{third},{ab}")
    )

    assert names(prepared) == ["Number", "Time", "CH1", "CH2", "Alarm"]
    assert (profile_of(prepared).num_rows, column(prepared, "CH1").num_missing) == (ROWS, 0)
    assert {"rows_above", "units_row"} <= notes(prepared)


def test_a_small_x_that_counts_is_a_quantity_and_a_large_one_the_row_names_of_r(read):
    rows = body("{i},{half},{ab}")

    assert names(read("x,b,kind\n" + rows)) == ["x", "b", "kind"]
    assert names(read("X,b,kind\n" + rows)) == ["b", "kind"]


def test_a_shorter_row_of_names_keeps_the_names_above_it():
    rows = [Record(3 + i, [str(i), str(i / 2), "ok" if i % 2 else "slow"]) for i in range(9)]

    named = with_rows_below(("size", "size", "state"), [Record(2, ["low", "high"]), *rows])

    assert named.header == ("size low", "size high", "state")


def test_a_blank_row_below_the_names_is_no_drawn_line():
    body = [Record(2, ["", ""]), *(Record(3 + i, [str(i), str(i / 2)]) for i in range(9))]

    assert with_rows_below(("a", "b"), body).notes == ()
