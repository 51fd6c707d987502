"""Binary workbooks are read as other workbooks are."""

from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions
from tests.backend.ingest.sheets.binary_workbook import binary_workbook


def test_a_binary_workbook_is_read_with_its_numbers_and_words(tmp_path):
    source = tmp_path / "upload"
    rows = [[place / 4, ("東", "西")[place % 2], ("ok", "ng")[place % 2]] for place in range(40)]
    source.write_bytes(binary_workbook([["温度", "地域", "判定"], *rows]))

    profile = prepare_file(source, IngestOptions()).manifest.profile

    assert (profile.label, profile.num_rows) == ("判定", 40)
    assert {each.name: each.count for each in profile.classes} == {"ng": 20, "ok": 20}
    assert [(each.name, each.kind.value) for each in profile.columns] == [
        ("温度", "numeric"),
        ("地域", "categorical"),
        ("判定", "categorical"),
    ]
    assert (profile.columns[0].minimum, profile.columns[0].maximum) == (0.0, 9.75)
