"""Texts of other programs: Weka, databases, devices that fill up blocks."""

import pytest

from muscope.backend.domain.spec.dataset import ColumnKind
from muscope.backend.errors import InvalidInput
from tests.backend.ingest.delimited.text_files import PLAIN, ROWS, body, column, names, notes, profile_of

ARFF = "% made by hand\n@RELATION 'two words'\n\n@attribute a NUMERIC\n@ATTRIBUTE 'long name' real\n"


@pytest.mark.parametrize("padding", [b"\0" * 300, b"\x1a", b"\r\n\x1a\0\0"])
def test_padding_at_the_end_is_cut_off_and_said(read, padding):
    prepared = read(PLAIN.encode() + padding)

    assert (names(prepared), profile_of(prepared).num_rows) == (["a", "b", "kind"], ROWS)
    assert "padding_removed" in notes(prepared)


def test_nul_bytes_within_a_text_are_refused_as_before(read):
    with pytest.raises(Exception, match=r"dataset\.binary_file"):
        read(PLAIN.encode() + b"\0" * 9 + PLAIN.encode())


def test_attributes_of_weka_are_the_names(read):
    rows = "".join(
        f"{i / 2},{'?' if i % 8 == 0 else i},'{'one way' if i % 2 else 'other'}'\n" for i in range(ROWS)
    )

    prepared = read(ARFF + "@attribute kind {'one way',other}\n@data\n" + rows)

    assert names(prepared) == ["a", "long name", "kind"]
    assert [each.name for each in profile_of(prepared).classes] == ["one way", "other"]
    assert column(prepared, "long name").num_missing == 3


def test_a_sparse_file_of_weka_is_refused_with_a_way_out(read):
    with pytest.raises(InvalidInput) as refused:
        read(ARFF + "@data\n{0 1.5}\n{1 2}\n")

    assert (refused.value.code, refused.value.params) == ("dataset.sparse_arff", {"row": 7})


@pytest.mark.parametrize(
    "line", ["INSERT INTO `t` VALUES (1, 'a');\n", "COPY public.t (a, b) FROM stdin;\n1\ta\n"]
)
def test_a_dump_of_a_database_is_named(read, line):
    with pytest.raises(InvalidInput) as refused:
        read("-- a dump\nCREATE TABLE t (\n a int\n);\n" + line * 20)

    assert refused.value.code == "dataset.is_sql_dump"


def test_whole_numbers_named_codes_are_categories(read):
    prepared = read("商品コード,unit_code,encode,kind\n" + body("49{third},{third},{big},{ab}"))

    kinds = [column(prepared, name).kind for name in ("商品コード", "unit_code", "encode")]
    assert kinds == [ColumnKind.CATEGORICAL, ColumnKind.CATEGORICAL, ColumnKind.NUMERIC]


def test_dates_among_codes_are_named_as_damage(read):
    for damaged in ("3月2日", "2-Mar"):
        prepared = read(
            "part,kind\n" + "".join(f"{['A-1', 'B-7', damaged, 'C-9'][i % 4]},{i % 2}\n" for i in range(40))
        )

        (said,) = (note for note in profile_of(prepared).notes if note.code == "dataset.codes_became_dates")
        assert said.params == {"column": "part", "texts": damaged}


def test_signs_that_cannot_be_seen_are_removed_and_counted(read):
    prepared = read(
        "part,b,kind\n"
        + "".join(f"p{i % 2}{chr(0x200B) if i % 4 == 0 else ''},{i},{i % 2}\n" for i in range(40))
    )

    assert column(prepared, "part").num_distinct == 2
    (said,) = (note for note in profile_of(prepared).notes if note.code == "dataset.hidden_signs")
    assert said.params == {"column": "part", "count": 10}


def test_queries_in_a_column_make_no_dump(read):
    rows = "".join(f'"INSERT INTO t VALUES ({i})",{i / 2},{"ok" if i % 2 else "slow"}\n' for i in range(ROWS))

    prepared = read("statement,seconds,state\n" + rows)

    assert names(prepared)[1:] == ["seconds", "state"]


def test_codes_with_a_letter_are_no_numbers_of_fortran(read):
    rows = "".join(f"{i % 4}D{i % 3},{i / 2},{'ok' if i % 2 else 'slow'}\n" for i in range(ROWS))

    prepared = read("room,seconds,state\n" + rows)

    assert column(prepared, "room").kind is ColumnKind.CATEGORICAL
