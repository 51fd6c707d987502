"""Encodings of tables, of which none is named in the file."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.inputs.trial_files.content import LENGTH, NUM_ROWS, PRICE, text_of, words_of
from benchmarks.inputs.trial_files.expected import TrialFile
from muscope.backend.domain.spec.dataset import ColumnKind, Task

# Name of the file, Python's and our name of the encoding, the column's title, and its words.
WORDS = (
    ("cp932.csv", "cp932", "CP932", "地域", ("東京①", "大阪", "名古屋")),
    ("euc_jp.csv", "euc_jp", "EUC-JP", "地域", ("東京都", "大阪府", "名古屋市")),
    ("iso2022_jp.csv", "iso2022_jp", "ISO-2022-JP", "地域", ("東京都", "大阪府", "名古屋市")),
    ("gbk_chinese.csv", "gb18030", "GB18030", "城市", ("北京市", "上海市", "广州市")),
    ("cp949_korean.csv", "cp949", "CP949", "도시", ("서울특별시", "부산광역시", "대구광역시")),
    ("cp1251_russian.csv", "cp1251", "Windows-1251", "город", ("Москва", "Новосибирск", "Казань")),
    ("cp1252_smart.csv", "cp1252", "Windows-1252", "maker", ("O’Neil", "“Best” tools", "Müller – Söhne")),
    ("latin1_french.csv", "latin-1", "Windows-1252", "région", ("Orléans", "Besançon", "Nîmes")),
    ("latin1_spanish.csv", "latin-1", "Windows-1252", "año", ("La Coruña", "Logroño", "Cádiz")),
)
UTF = (
    ("utf8_bom.csv", "utf-8-sig", "UTF-8", ","),
    ("utf16_nobom.csv", "utf-16-le", "UTF-16LE", ","),
    ("utf16_tab_excel.csv", "utf-16", "UTF-16", "\t"),
    ("excel_unicode_text.txt", "utf-16", "UTF-16", "\t"),
)


def encoded_files() -> Iterator[TrialFile]:
    """Yield the same table in every encoding, and one that has two of them."""
    for name, encoding, found, title, words in WORDS:
        yield _table(name, encoding, found, title, words)
    for name, encoding, found, delimiter in UTF:
        yield _table(name, encoding, found, "地域", ("東京", "大阪", "福岡"), delimiter)
    half = text_of({"地域": words_of("東京", "大阪"), "length": LENGTH, "price": PRICE}).encode()
    yield TrialFile("two_encodings.csv", half + b"\xff\xfe,0.5,100\n", refused="dataset.bad_bytes")


def _table(
    name: str, encoding: str, found: str, title: str, words: tuple[str, ...], delimiter: str = ","
) -> TrialFile:
    text = text_of({title: words_of(*words), "length": LENGTH, "price": PRICE}, delimiter)
    return TrialFile(
        name,
        text.encode(encoding),
        label="price",
        task=Task.REGRESSION,
        num_rows=NUM_ROWS,
        numbers={"length": LENGTH, "price": PRICE},
        kinds={title: ColumnKind.CATEGORICAL},
        decisions={"encoding": found},
    )
