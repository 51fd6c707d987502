"""Text files: encodings, ragged rows, names, sampling and other formats."""

import numpy as np
import polars as pl
import pytest

from muscope.backend.domain.spec.dataset import Task
from muscope.backend.errors import InvalidInput
from tests.backend.ingest.delimited.text_files import (
    PLAIN,
    ROWS,
    body,
    column,
    decision,
    names,
    notes,
    profile_of,
)


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
    "Windows-1253": places("πόλη,a,αποτέλεσμα", "Αθήνα Πάτρα Χανιά", "καλό κακό"),
    "KOI8-R": places("город,a,результат", "Уфа Пермь Томск", "годен брак"),
    "Windows-1252": places("ville,a,catégorie", "Orléans Besançon Nîmes", "élevé modéré"),
}
# Greek and Russian share all their bytes; without accents only the frequencies of letters tell them apart.
UNACCENTED = places("αρ,θερμ,αποτ", "ρολο νερο τρενο", "ναι οχι")
CODECS = {"EUC-JP": "euc_jp", "Windows-1251": "cp1251", "Windows-1253": "cp1253", "Windows-1252": "latin-1"}


@pytest.mark.parametrize("name", ENCODED)
def test_the_likeliest_encoding_is_a_guess_with_examples(read, name):
    content = ENCODED[name]

    prepared = read(content.encode(CODECS.get(name, name)))

    found = decision(prepared, "encoding")
    assert names(prepared) == content.split("\n")[0].split(",")
    assert (found.value, found.is_guessed) == (name, True)
    assert found.examples


def test_greek_without_accents_is_not_taken_for_russian(read):
    prepared = read(UNACCENTED.encode("cp1253"))

    assert names(prepared) == ["αρ", "θερμ", "αποτ"]


def test_a_file_of_utf8_with_a_broken_character_is_refused_with_its_row(read):
    content = ("番号,温度,判定\n" + body("{half},{big},{ab}")).encode()

    with pytest.raises(InvalidInput) as refused:
        read(content[:-2] + b"\xff\xfe\n")

    assert refused.value.code == "dataset.bad_bytes"
    assert (refused.value.params["encoding"], refused.value.params["row"]) == ("UTF-8", ROWS + 1)


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


def test_a_table_between_blanks_below_remarks_is_no_text(read):
    rows = "".join(f"{i} {i * 7 % 31 / 4} {'A' if i % 2 else 'B'}\n" for i in range(ROWS))

    prepared = read(f"# from the second line\n# id speed kind\n{rows}", likely="text")

    assert prepared.manifest.shape.task is Task.CLASSIFICATION
    assert names(prepared) == ["id", "speed", "kind"]


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


def test_a_number_far_from_all_others_is_asked_about_until_it_is_answered(read):
    content = "a,kind\n" + "".join(f"{-999 if i % 7 == 0 else i / 10},{'pq'[i % 2]}\n" for i in range(70))

    found = decision(read(content), "missing")
    assert (found.is_question, found.choices, found.examples) == (True, ("", "-999"), ("a: -999",))
    assert column(read(content, missing=("-999",)), "a").num_missing == 10
    assert "missing" not in {each.option for each in profile_of(read(content, missing=("",))).decisions}


def test_what_is_asked_about_is_not_warned_of_and_what_is_not_asked_about_is(read):
    lines = (
        f"{-999 if i % 7 == 0 else i / 10},{7777 if i % 5 == 0 else i / 10},{'pq'[i % 2]}\n"
        for i in range(70)
    )

    prepared = read("a,b,kind\n" + "".join(lines))

    assert decision(prepared, "missing").choices == ("", "-999")
    odd = [each.params for each in profile_of(prepared).warnings if each.code == "dataset.odd_value"]
    assert [(each["column"], each["value"]) for each in odd] == [("b", "7777")]


def test_identifiers_that_a_spreadsheet_has_rounded_are_warned_of(read):
    assert "rounded_identifiers" in notes(read("n,b,kind\n" + body("9.9{third}E+15,{half},{ab}")))


def test_results_of_a_sweep_are_told_from_data(read):
    assert "looks_like_sweep" in notes(read("width,lr,seed,val_loss\n" + body("{big},{half},{third},{i}.5")))
    assert "looks_like_sweep" not in notes(read(PLAIN))


def test_half_width_kana_alone_are_japanese(read):
    rows = "".join(f"ﾋﾝ{i % 3},{i},{'ﾖｲ' if i % 2 else 'ﾀﾞﾒ'}\n" for i in range(ROWS))

    prepared = read(("ﾋﾝﾒｲ,ｽｳ,ﾊﾝﾃｲ\n" + rows).encode("cp932"))

    assert (profile_of(prepared).encoding, names(prepared)) == ("CP932", ["ﾋﾝﾒｲ", "ｽｳ", "ﾊﾝﾃｲ"])


def test_full_width_commas_separate(read):
    prepared = read(PLAIN.replace(",", "，"))

    assert (names(prepared), profile_of(prepared).delimiter) == (["a", "b", "kind"], "，")


def test_marks_where_files_were_put_together_vanish(read):
    prepared = read("\ufeff" + PLAIN + "\ufeff" + PLAIN)

    assert (names(prepared), profile_of(prepared).num_rows) == (["a", "b", "kind"], 2 * ROWS)
    assert "repeated_header" in notes(prepared)
