"""Text tables as people have them: what is read, what is said, and what is asked."""

import numpy as np
import polars as pl
import pytest

from muscope.backend.domain.spec.dataset import ColumnKind, ColumnUse, Task
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions

ROWS = 24


@pytest.fixture
def read(tmp_path):
    """Read a text or bytes as an uploaded file."""

    def reading(content, **options):
        source = tmp_path / "upload"
        source.write_bytes(content.encode() if isinstance(content, str) else content)
        return prepare_file(source, IngestOptions(**options))

    return reading


def body(line, count=ROWS):
    return "".join(
        line.format(i=i, half=i / 2, third=i % 3, ab="ab"[i % 2], big=1000 + 37 * i) + "\n"
        for i in range(count)
    )


def profile_of(prepared):
    return prepared.manifest.profile


def column(prepared, name):
    return next(each for each in profile_of(prepared).columns if each.name == name)


def notes(prepared):
    return {note.code.removeprefix("dataset.") for note in profile_of(prepared).notes}


def decision(prepared, option):
    return next(each for each in profile_of(prepared).decisions if each.option == option)


def names(prepared):
    return [each.name for each in profile_of(prepared).columns]


PLAIN = "a,b,kind\n" + body("{half},{big},{ab}")
ABOVE = {
    "a title": ("Report 2024,,\n" + PLAIN, "rows_above"),
    "comments": ("# logger 1.2\n# mm\n" + PLAIN, "rows_above"),
    "a separator for Excel": ("sep=,\n" + PLAIN, None),
    "units below the header": ("a,b,kind\nmm,kPa,-\n" + body("{half},{big},{ab}"), "units_row"),
    "a total at the end": (PLAIN + "合計,4000,\n", "rows_below"),
    "trailing delimiters": ("a,b,kind,,\n" + body("{half},{big},{ab},,"), "empty_columns_dropped"),
    "an index of pandas": (",a,b,kind\n" + body("{i},{half},{big},{ab}"), "index_left_out"),
    "an index with a name": ("Unnamed: 0,a,b,kind\n" + body("{i},{half},{big},{ab}"), "index_left_out"),
    "row names of R": ('"a","b","kind"\n' + body('"{i}",{half},{big},"{ab}"'), "index_left_out"),
    "repeated headers": (PLAIN + "a,b,kind\n" + body("{half},{big},{ab}"), "repeated_header"),
    "semicolons": (PLAIN.replace(",", ";"), None),
    "tabs": (PLAIN.replace(",", "\t"), None),
    "pipes": (PLAIN.replace(",", "|"), None),
    "blanks": (PLAIN.replace(",", "   "), None),
    "two colons": (PLAIN.replace(",", "::"), None),
    "old line ends": (PLAIN.replace("\n", "\r"), None),
    "blank lines": (PLAIN.replace("\n", "\n\n"), None),
}


@pytest.mark.parametrize("name", ABOVE)
def test_the_same_table_is_found_whatever_stands_around_it(read, name):
    content, said = ABOVE[name]

    prepared = read(content)

    assert names(prepared) == ["a", "b", "kind"]
    assert (profile_of(prepared).label, prepared.manifest.shape.task) == ("kind", Task.CLASSIFICATION)
    assert column(prepared, "b").maximum == 1000 + 37 * (ROWS - 1)
    assert said is None or said in notes(prepared)
    assert profile_of(prepared).num_rows in (ROWS, 2 * ROWS)


def test_quotes_are_undone_in_every_style(read):
    for line in ('{half},"x, {ab}",{third}', "{half},'x, {ab}',{third}", '{half}, "x, {ab}", {third}'):
        found = column(read("a,b,target\n" + body(line)), "b")
        assert found.examples == ("x, a", "x, b")


WRITTEN = {
    "percent": ("{half}%", 0.115, "percent"),
    "currency": ('"$1,{i:03}.50"', 1023.5, "currency"),
    "yen": ("¥{big}円", 1851, "currency"),
    "thousands": ('"1,{i:03}"', 1023, "thousands"),
    "triangles": ("▲{big}", -1000, "triangle"),
    "parentheses": ("({big})", -1000, "parentheses"),
    "a minus at the end": ("{big}-", -1000, "trailing_minus"),
    "a true minus": ("−{big}", -1000, "minus"),
    "units": ("{half} kg", 11.5, "unit"),
    "ten thousands": ("{half}万円", 115_000, "scale"),
    "grouped by apostrophes": ("1'{i:03}", 1023, "groups"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_numbers_are_read_as_people_write_them_and_that_is_said_once(read, name):
    line, extreme, code = WRITTEN[name]

    prepared = read("b,kind\n" + body(line + ",{ab}"))

    found = column(prepared, "b")
    assert (found.kind, found.read_as) == (ColumnKind.NUMERIC, code)
    assert found.maximum == pytest.approx(extreme, rel=1e-9)
    assert [note.code for note in profile_of(prepared).notes].count(f"dataset.read_{code}") == 1


def test_full_width_digits_are_digits(read):
    wide = str.maketrans("0123456789", "０１２３４５６７８９")

    prepared = read("b,kind\n" + body("{big},{ab}").translate(wide))

    assert (column(prepared, "b").minimum, column(prepared, "b").maximum) == (1000, 1851)


def test_decimal_commas_are_found_for_the_whole_file_and_can_be_denied(read):
    content = "a;c;b\n" + "".join(f"{i},5;{i % 7};{i % 2}\n" for i in range(ROWS))

    prepared = read(content)

    assert (column(prepared, "a").maximum, decision(prepared, "decimal").value) == (23.5, ",")
    assert column(read(content, decimal="."), "a").kind is ColumnKind.CATEGORICAL


def test_odd_texts_among_numbers_are_missing_and_named(read):
    prepared = read("a,kind\n" + body("{half},{ab}") + "12O,a\n?,b\n#DIV/0!,a\n")

    (said,) = (note for note in profile_of(prepared).notes if note.code == "dataset.texts_as_missing")
    assert said.params == {"column": "a", "count": 2, "texts": "12O, ?", "row": ROWS + 2}
    assert "spreadsheet_errors" in notes(prepared)
    assert column(prepared, "a").num_missing == 3


def test_infinite_numbers_are_missing_and_named(read):
    assert "infinite_values" in notes(read("a,kind\n" + body("{half},{ab}") + "inf,a\n1e999,b\n"))


def test_a_column_of_texts_stays_one(read):
    found = column(read("income,b,kind\n" + body("<=5{third}K,{half},{ab}")), "income")

    assert (found.kind, found.num_distinct) == (ColumnKind.CATEGORICAL, 3)


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


def test_day_and_month_that_cannot_be_told_apart_are_said(read):
    assert "day_or_month_first" in notes(
        read("when,b\n" + "".join(f"0{1 + i % 9}/03/2024,{i}.5\n" for i in range(ROWS)))
    )


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


def places(header, where, what):
    """Return a table of places, numbers and judgements."""
    lines = [f"{where.split()[i % 3]},{i}.5,{what.split()[i % 2]}" for i in range(ROWS)]
    return "\n".join([header, *lines, ""])


ENCODED = {
    "CP932": places("都市,売上,分類", "東京 大阪 名古屋", "良 否"),
    "EUC-JP": places("地域,気温,判定", "札幌 仙台 福岡", "良 不"),
    "GB18030": places("城市,销量,类别", "北京 上海 广州", "高 低"),
    "CP949": places("도시,매출,분류", "서울 부산 대구", "고 저"),
    "Windows-1251": places("город,a,класс", "Москва Казань Омск", "да нет"),
    "Windows-1252": places("ville,a,catégorie", "Orléans Besançon Nîmes", "élevé modéré"),
}
CODECS = {"EUC-JP": "euc_jp", "Windows-1251": "cp1251", "Windows-1252": "latin-1"}


@pytest.mark.parametrize("name", ENCODED)
def test_the_likeliest_encoding_is_a_guess_with_examples(read, name):
    content = ENCODED[name]

    prepared = read(content.encode(CODECS.get(name, name)))

    found = decision(prepared, "encoding")
    assert names(prepared) == content.split("\n")[0].split(",")
    assert (found.value, found.is_guessed) == (name, True)
    assert found.examples


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "iso2022_jp"])
def test_an_encoding_that_shows_is_no_guess(read, codec):
    prepared = read(ENCODED["CP932"].encode(codec))

    assert names(prepared) == ["都市", "売上", "分類"]
    assert not decision(prepared, "encoding").is_guessed


def test_rows_of_another_width_are_refused_or_left_out_with_their_number(read):
    content = PLAIN + "1,2\n" + body("{half},{big},{ab}")
    with pytest.raises(InvalidInput) as refused:
        read(content)

    assert refused.value.params == {"row": ROWS + 2, "expected": 3, "given": 2, "count": 1}
    kept = read(content, ragged="leave_out")
    assert (profile_of(kept).num_rows, "ragged_rows_left_out" in notes(kept)) == (2 * ROWS, True)


def test_names_are_made_unique_and_given(read):
    prepared = read("a, a,,kind\n" + body("{half},{big},{third},{ab}"))

    assert names(prepared) == ["a", "a_2", "column_3", "kind"]
    assert {"names_made_unique", "names_given"} <= notes(prepared)


def test_the_sparse_format_of_libsvm_is_read(read):
    prepared = read("".join(f"{1 - 2 * (i % 2)} 1:{i / 2} 3:{i % 5}\n" for i in range(ROWS)))

    assert names(prepared) == ["feature_1", "feature_2", "feature_3", "label"]
    assert column(prepared, "feature_2").maximum == 0


def test_a_text_file_that_is_a_table_is_read_as_one_and_prose_is_not(read):
    rng = np.random.default_rng(3)
    words = ("dark,", "stormy", "night;", "the", "rain", "fell", "except", "at", "intervals.")
    prose = "\n".join(" ".join(rng.choice(words, rng.integers(4, 14))) for _ in range(300))

    assert read(PLAIN, likely="text").manifest.shape.task is Task.CLASSIFICATION
    assert read(prose, likely="text").manifest.shape.task is Task.LANGUAGE_MODELLING
    assert decision(read(PLAIN, likely="text"), "kind").choices == ("table", "text")


def test_of_a_large_table_rows_are_drawn_evenly_and_that_is_said(read, monkeypatch):
    monkeypatch.setattr("muscope.backend.ingest.table.sampling.MAX_KEPT_ROWS", 1000)
    count = 5000

    prepared = read("a,b\n" + "".join(f"{i},{i}.5\n" for i in range(count)))

    found = profile_of(prepared)
    assert (found.num_rows, found.num_rows_in_file) == (1000, count)
    assert "rows_sampled" in notes(prepared)
    assert column(prepared, "a").mean == pytest.approx(count / 2, rel=0.05)


def test_plain_cells_are_those_of_an_independent_reader(read, tmp_path):
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({
        "text": rng.choice(['a"b', "c,d", "e\nf", "g"], 200),
        "number": rng.standard_normal(200),
        "whole": rng.integers(-9, 9, 200),
        "y": rng.choice(["p", "q"], 200),
    })  # fmt: skip
    frame.write_csv(tmp_path / "written.csv")

    prepared = read((tmp_path / "written.csv").read_bytes())

    assert column(prepared, "number").mean == pytest.approx(frame["number"].mean())
    assert column(prepared, "whole").minimum == frame["whole"].min()
    assert column(prepared, "text").num_distinct == 4


def test_a_table_below_remarks_of_a_logger_is_found(read):
    remarks = "Device: A-1, rev 2\nDate: 2024-01-05, 10:00\nOperator: Sato\n\n"

    assert names(read(remarks + "time,temp,kind\n" + body("{i},{half},{ab}"))) == ["time", "temp", "kind"]
    assert names(read("# t x kind\n" + body("{i} {half} {ab}"))) == ["t", "x", "kind"]


def test_dates_above_numbers_are_names(read):
    prepared = read("店,2024/1,2024/2,2024/3\n" + body("s{third},{half},{big},{i}.5"))

    assert names(prepared) == ["店", "2024/1", "2024/2", "2024/3"]


def test_a_second_table_below_is_refused_and_not_mixed_with_the_first(read):
    with pytest.raises(InvalidInput) as refused:
        read(PLAIN + "\n\nc,d,e,f\n" + body("{half},{big},{ab},{third}"))

    assert refused.value.code == "dataset.ragged_row"


def test_a_number_far_from_all_others_is_asked_about_until_it_is_answered(read):
    content = "a,kind\n" + "".join(f"{-999 if i % 7 == 0 else i / 10},{'pq'[i % 2]}\n" for i in range(70))

    found = decision(read(content), "missing")
    assert (found.is_question, found.choices, found.examples) == (True, ("", "-999"), ("a: -999",))
    assert column(read(content, missing=("-999",)), "a").num_missing == 10
    assert "missing" not in {each.option for each in profile_of(read(content, missing=("",))).decisions}


def test_identifiers_that_a_spreadsheet_has_rounded_are_warned_of(read):
    assert "rounded_identifiers" in notes(read("n,b,kind\n" + body("9.9{third}E+15,{half},{ab}")))


def test_results_of_a_sweep_are_told_from_data(read):
    assert "looks_like_sweep" in notes(read("width,lr,seed,val_loss\n" + body("{big},{half},{third},{i}.5")))
    assert "looks_like_sweep" not in notes(read(PLAIN))
