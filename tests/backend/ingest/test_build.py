import numpy as np
import pytest

from muscope.backend.domain.spec.dataset import ColumnKind, Task
from muscope.backend.ingest.build import Prepared, prepare_table
from muscope.backend.ingest.manifest import IngestOptions


def _prepare(tmp_path, text: str, encoding: str = "utf-8", **options) -> Prepared:
    source = tmp_path / "upload.csv"
    source.write_bytes(text.encode(encoding))
    return prepare_table(source, IngestOptions(**options))


def _mixed(count: int = 40) -> str:
    return "".join(f"{i},{'赤青'[i % 2]},{'良不良'[: 1 + i % 2]}\n" for i in range(count))


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("cp932", "CP932"), ("utf-16", "UTF-16")],
)
def test_reads_japanese_tables_in_every_usual_encoding(tmp_path, encoding, shown):
    prepared = _prepare(tmp_path, "温度①,色,クラス\n" + _mixed(), encoding)

    profile = prepared.manifest.profile
    assert [column.name for column in profile.columns] == ["温度①", "色", "クラス"]
    assert (profile.encoding, profile.label, profile.is_label_guessed) == (shown, "クラス", True)
    assert prepared.meta["feature_names"] == ["温度①", "色=赤", "色=青"]


def test_reads_the_same_content_the_same_way_whatever_the_line_ends(tmp_path):
    unix = _prepare(tmp_path, "a,c,y\n" + _mixed())
    windows = _prepare(tmp_path, ("a,c,y\n" + _mixed()).replace("\n", "\r\n"))
    mac = _prepare(tmp_path, ("a,c,y\n" + _mixed()).replace("\n", "\r"))

    assert unix.manifest.profile == windows.manifest.profile == mac.manifest.profile


def test_standardises_numbers_by_the_training_rows_and_keeps_the_label_unit(tmp_path):
    text = "a,price\n" + "".join(f"{i * i},{1000 + 10.5 * i}\n" for i in range(100))

    prepared = _prepare(tmp_path, text)

    arrays, shape = prepared.arrays, prepared.manifest.shape
    assert (shape.task, shape.num_train, shape.num_val, shape.num_outputs) == (Task.REGRESSION, 80, 20, 1)
    assert {name: array.dtype.str for name, array in arrays.items()} == {
        "x_train": "<f4", "x_val": "<f4", "y_train": "<f4", "y_val": "<f4",
    }  # fmt: skip
    np.testing.assert_allclose(arrays["x_train"].mean(), 0, atol=1e-6)
    np.testing.assert_allclose(arrays["x_train"].std(), 1, atol=1e-6)
    labels = (
        np.concatenate([arrays["y_train"], arrays["y_val"]]) * shape.label_scale + prepared.meta["label_mean"]
    )
    np.testing.assert_allclose(np.sort(labels), 1000 + 10.5 * np.arange(100), rtol=1e-5)


def test_rows_of_features_and_labels_stay_together(tmp_path):
    prepared = _prepare(tmp_path, "a,y\n" + "".join(f"{i},{i * 3.5}\n" for i in range(50)))

    np.testing.assert_allclose(prepared.arrays["x_val"][:, 0], prepared.arrays["y_val"], rtol=1e-5)


def test_splits_every_class_in_proportion_and_leaves_single_rows_to_training(tmp_path):
    text = "a,y\n" + "".join(f"{i},{'common' if i % 5 else 'rare'}\n" for i in range(100)) + "1,once\n"

    prepared = _prepare(tmp_path, text)

    train, val = (np.bincount(prepared.arrays[name], minlength=3).tolist() for name in ("y_train", "y_val"))
    assert prepared.meta["class_names"] == ["common", "once", "rare"]
    assert (train, val) == ([64, 1, 16], [16, 0, 4])
    assert "dataset.single_row_class" in [warning.code for warning in prepared.manifest.profile.warnings]


def test_the_split_depends_on_the_content_only(tmp_path):
    first, again = (
        _prepare(tmp_path, "a,y\n" + "".join(f"{i},{i}.5\n" for i in range(50))) for _ in range(2)
    )

    np.testing.assert_array_equal(first.arrays["y_val"], again.arrays["y_val"])


def test_missing_values_become_the_median_or_a_level_and_are_reported(tmp_path):
    body = "".join(f"{'' if i == 3 else i},{'欠損' if i == 5 else 'pq'[i % 2]},{i % 2}\n" for i in range(40))

    prepared = _prepare(tmp_path, "a,c,label\n" + body + "1,p,NA\n")

    profile = prepared.manifest.profile
    warnings = {warning.code: warning.params for warning in profile.warnings}
    assert warnings["dataset.missing_label"] == {"column": "label", "count": 1}
    assert warnings["dataset.missing_replaced"].items() >= {"column": "a", "count": 1, "percent": 2.5}.items()
    assert warnings["dataset.missing_level"] == {"column": "c", "count": 1, "percent": 2.5}
    assert prepared.meta["feature_names"] == ["a", "c=p", "c=q", "c=?"]
    assert [column.num_missing for column in profile.columns] == [1, 1, 1]
    assert profile.num_rows == 41


def test_columns_without_information_are_named_never_dropped_silently(tmp_path):
    body = "".join(f"id{i},{i},NaN,5,{'' if i % 2 else 'x'},{i % 2}\n" for i in range(150))

    prepared = _prepare(tmp_path, "id,a,empty,same,flag,label\n" + body)

    profile = prepared.manifest.profile
    assert ("dataset.constant_column", "same") in {(w.code, w.params.get("column")) for w in profile.warnings}
    assert {(n.code, n.params.get("columns")) for n in profile.notes} >= {
        ("dataset.left_out_identifier", "id"),
        ("dataset.left_out_empty", "empty"),
    }
    assert {c.name: c.left_out for c in profile.columns if c.left_out} == {
        "id": "identifier",
        "empty": "empty",
    }
    assert prepared.meta["feature_names"] == ["a", "same", "flag=x", "flag=?"]
    assert not prepared.arrays["x_train"][:, 1].any()


def test_quoted_cells_may_hold_delimiters_quotes_and_line_ends(tmp_path):
    cells = ["left, lower", 'say ""no""', "two\nlines"]
    body = "".join(f'{i},"{cells[i % 3]}",{i % 2}\n' for i in range(30))

    prepared = _prepare(tmp_path, "a,c,label\n" + body)

    assert prepared.meta["feature_names"] == ["a", "c=left, lower", 'c=say "no"', "c=two�lines"]


@pytest.mark.parametrize(
    ("header", "label", "is_guessed"),
    [("Target,b", "Target", True), ("b,正解", "正解", True), ("b,c", "c", True), ("y,label", "label", True)],
)
def test_guesses_the_label_by_its_name_else_takes_the_last_column(tmp_path, header, label, is_guessed):
    profile = _prepare(
        tmp_path, f"{header}\n" + "".join(f"{i},{i % 7}\n" for i in range(40))
    ).manifest.profile

    assert (profile.label, profile.is_label_guessed) == (label, is_guessed)


@pytest.mark.parametrize(
    ("value", "task"),
    [
        ("{i}", Task.REGRESSION),
        ("{half}", Task.REGRESSION),
        ("{mod}", Task.CLASSIFICATION),
        ("c{mod}", Task.CLASSIFICATION),
    ],
)
def test_guesses_the_task_from_the_label(tmp_path, value, task):
    body = "".join(f"{i},{value.format(i=i, half=i / 2, mod=i % 4)}\n" for i in range(40))

    manifest = _prepare(tmp_path, f"a,label\n{body}").manifest

    assert (manifest.shape.task, manifest.profile.is_task_guessed) == (task, True)


def test_number_classes_are_sorted_as_numbers(tmp_path):
    body = "".join(f"{i},{(2, 10, 1)[i % 3]}\n" for i in range(30))

    prepared = _prepare(tmp_path, f"a,label\n{body}", label="label", task=Task.CLASSIFICATION)

    assert prepared.meta["class_names"] == ["1", "2", "10"]
    assert not prepared.manifest.profile.is_task_guessed


def test_absurdly_distant_values_are_limited_and_reported(tmp_path):
    body = "".join(f"{i % 2},{i}.5\n" for i in range(200)) + "".join(f"{i}e300,{i}.5\n" for i in range(1, 3))

    prepared = _prepare(tmp_path, f"a,y\n{body}")

    assert np.isfinite(prepared.arrays["x_val"]).all()


def test_profiles_describe_columns_as_the_user_knows_them(tmp_path):
    number, text, label = _prepare(tmp_path, "a,c,y\n" + _mixed()).manifest.profile.columns

    assert (number.kind, number.minimum, number.maximum, number.mean) == (ColumnKind.NUMERIC, 0, 39, 19.5)
    assert (text.kind, text.num_distinct, text.examples) == (ColumnKind.CATEGORICAL, 2, ("赤", "青"))
    assert label.is_label
