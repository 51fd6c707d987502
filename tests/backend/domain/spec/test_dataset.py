import pytest
from pydantic import ValidationError

from muscope.backend.domain.spec.dataset import (
    ColumnKind,
    ColumnProfile,
    DataDims,
    DatasetShape,
    DataWarning,
    Profile,
    num_validated,
)
from tests.backend.domain.specs import SHAPE

PROFILE = Profile(
    num_rows=3,
    columns=(ColumnProfile(name="x", kind=ColumnKind.NUMERIC, num_distinct=3, minimum=0.1),),
    label="y",
    is_label_guessed=True,
    is_task_guessed=False,
    warnings=(DataWarning(code="few_rows", params={"rows": 3, "share": 0.5, "label": "ラベル"}),),
)


@pytest.mark.parametrize("value", [SHAPE, PROFILE], ids=["shape", "profile"])
def test_values_survive_the_way_through_json(value):
    assert type(value).model_validate_json(value.model_dump_json()) == value


@pytest.mark.parametrize("field", ["num_features", "num_outputs", "num_train", "num_val", "label_scale"])
def test_an_empty_shape_is_refused(field):
    with pytest.raises(ValidationError, match=field):
        DatasetShape.model_validate(SHAPE.model_dump() | {field: 0})


def test_values_are_frozen_and_closed():
    with pytest.raises(ValidationError, match="frozen"):
        SHAPE.num_train = 1  # type: ignore[misc]
    with pytest.raises(ValidationError, match="surprise"):
        DatasetShape.model_validate(SHAPE.model_dump() | {"surprise": 1})


def test_of_a_long_text_evenly_spread_windows_are_validated_and_of_all_else_everything():
    text = DataDims(num_features=64, num_outputs=256, is_text=True)

    assert num_validated(text, 2728) == 256
    assert num_validated(text, 100) == 100
    assert num_validated(DataDims(num_features=64, num_outputs=10), 50_000) == 50_000


def test_a_note_stored_by_an_earlier_version_fills_the_sentence_of_this_one():
    stored = {"code": "dataset.index_left_out", "params": {"name": "row"}, "severity": "info"}

    note = DataWarning.model_validate(stored)

    assert note.params == {"count": 1, "columns": "row"}
