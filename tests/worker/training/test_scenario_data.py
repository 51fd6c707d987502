"""The data of a scenario: counts and distributions in closed form, and the same for every cell."""

import math
from typing import Any

import numpy as np
import pytest

from muscope.backend.domain.plan.scenario_data import num_left
from muscope.backend.domain.spec.dataset import DatasetShape, ImageShape, Task
from muscope.backend.domain.spec.scenario import Scenario
from muscope.worker.training.scenario_data import under_scenario

NUM, CLASSES = 4000, 5
SHAPE = DatasetShape(
    task=Task.CLASSIFICATION, num_features=6, num_outputs=CLASSES, num_train=NUM, num_val=NUM // 4
)
NUMBERS = SHAPE.model_copy(update={"task": Task.REGRESSION, "num_outputs": 1})
TEXT = SHAPE.model_copy(update={"task": Task.LANGUAGE_MODELLING, "num_outputs": 256})
COUNTS = (2000, 1000, 500, 400, 100)
# Standard deviations of the features; the last one is constant.
STDS = (1.0, 1.0, 0.5, 2.0, 10.0, 0.0)
DATA = ("label_noise:0.2", "feature_noise:0.5", "subsample:0.3", "class_imbalance:0.1")


@pytest.fixture(scope="module")
def arrays() -> dict[str, Any]:
    generator = np.random.default_rng(5)
    x = {
        f"x_{part}": (generator.standard_normal((num, 6)) * STDS).astype(np.float32)
        for part, num in (("train", NUM), ("val", NUM // 4))
    }
    y_train = generator.permutation(np.repeat(np.arange(CLASSES), COUNTS))
    made = {**x, "y_train": y_train, "y_val": generator.integers(CLASSES, size=NUM // 4)}
    for array in made.values():
        array.setflags(write=False)  # as the ones that are mapped from a file
    return made


def under(arrays, scenario, shape=SHAPE, spec_seed=0):
    return under_scenario(arrays, Scenario(scenario), shape, spec_seed=spec_seed)


def same(one, other):
    return all(np.array_equal(one[name], other[name]) for name in ("x_train", "y_train", "x_val", "y_val"))


@pytest.mark.parametrize("scenario", ["as_given", "momentum:0.9", "batch_size:32", "horizon:2"])
def test_scenarios_of_the_training_leave_the_data_as_it_is(arrays, scenario):
    assert under(arrays, scenario) is arrays


@pytest.mark.parametrize("scenario", DATA)
def test_a_scenario_is_the_same_every_time_and_another_with_another_seed(arrays, scenario):
    assert same(under(arrays, scenario), under(arrays, scenario))
    assert not same(under(arrays, scenario), under(arrays, scenario, spec_seed=1))
    assert not same(under(arrays, scenario), arrays)


@pytest.mark.parametrize("scenario", ["label_noise:0.2", "subsample:0.3", "class_imbalance:0.1"])
def test_validation_data_stay_clean(arrays, scenario):
    changed = under(arrays, scenario)

    assert changed["x_val"] is arrays["x_val"]
    assert changed["y_val"] is arrays["y_val"]


def test_label_noise_replaces_exactly_that_share(arrays):
    noisy = under(arrays, "label_noise:0.2")

    assert (noisy["y_train"] != arrays["y_train"]).sum() == 0.2 * NUM
    assert noisy["x_train"] is arrays["x_train"]
    assert noisy["y_train"].dtype == arrays["y_train"].dtype
    assert (noisy["y_train"].min(), noisy["y_train"].max()) == (0, CLASSES - 1)


def test_a_wrong_label_is_any_other_class_with_equal_chance(arrays):
    """Chi-square of the offsets 1 … C-1 against uniform; the limit is far in the tail (p < 1e-6)."""
    noisy = under(arrays, "label_noise:0.7")
    offsets = (noisy["y_train"] - arrays["y_train"]) % CLASSES

    counts = np.bincount(offsets, minlength=CLASSES)[1:]
    expected = 0.7 * NUM / (CLASSES - 1)
    assert ((counts - expected) ** 2 / expected).sum() < 31.0


def test_labels_that_are_wrong_at_a_small_share_are_wrong_at_a_larger_one(arrays):
    few, many = (under(arrays, f"label_noise:{share}")["y_train"] for share in (0.1, 0.4))

    is_wrong = few != arrays["y_train"]
    assert (few[is_wrong] == many[is_wrong]).all()


def test_numbers_get_normal_errors_in_units_of_their_spread(arrays):
    labels = (3.0 * arrays["x_train"][:, 0]).astype(np.float32)
    given = {**arrays, "y_train": labels, "y_val": labels}

    noisy = under(given, "label_noise:0.5", NUMBERS)

    errors = noisy["y_train"] - labels
    spread = 0.5 * labels.std()
    assert noisy["y_train"].dtype == np.float32
    assert abs(errors.mean()) < 5 * spread / math.sqrt(NUM)
    assert errors.std() == pytest.approx(spread, rel=5 / math.sqrt(2 * NUM))
    assert (np.abs(errors) < spread).mean() == pytest.approx(0.6827, abs=0.04)
    assert noisy["y_val"] is labels


def test_of_text_that_share_of_the_next_bytes_is_replaced_and_what_is_read_stays():
    x = np.random.default_rng(1).integers(256, size=(NUM, 6)).astype(np.uint8)
    given = {"x_train": x, "y_train": x, "x_val": x, "y_val": x}

    noisy = under(given, "label_noise:0.25", TEXT)

    assert noisy["y_train"].dtype == np.uint8
    assert (noisy["y_train"] != x).sum() == 0.25 * x.size
    assert noisy["x_train"] is x
    assert noisy["y_val"] is x


def test_feature_noise_is_in_units_of_each_features_spread_in_both_parts(arrays):
    noisy = under(arrays, "feature_noise:0.5")

    for part in ("train", "val"):
        errors = noisy[f"x_{part}"] - arrays[f"x_{part}"]
        wanted = 0.5 * arrays["x_train"].std(axis=0)
        np.testing.assert_allclose(errors.std(axis=0), wanted, rtol=5 / math.sqrt(2 * len(errors)))
        assert (np.abs(errors.mean(axis=0)) <= 5 * wanted / math.sqrt(len(errors))).all()
        assert (errors[:, -1] == 0).all(), "a constant feature stays constant"
        assert noisy[f"x_{part}"].dtype == np.float32
        assert noisy[f"y_{part}"] is arrays[f"y_{part}"]


def test_errors_of_the_two_parts_are_not_the_same_and_grow_with_the_noise(arrays):
    little, much = (under(arrays, f"feature_noise:{amount}") for amount in (0.5, 1.0))
    errors = {name: little[name] - arrays[name] for name in ("x_train", "x_val")}

    np.testing.assert_allclose(much["x_train"] - arrays["x_train"], 2 * errors["x_train"], atol=1e-5)
    correlation = np.corrcoef(errors["x_train"][: NUM // 4, 0], errors["x_val"][:, 0])[0, 1]
    assert abs(correlation) < 5 / math.sqrt(NUM // 4)


def test_pixels_of_an_image_share_the_spread_of_their_channel(arrays):
    image = SHAPE.model_copy(update={"image": ImageShape(height=3, width=1, channels=2)})

    errors = under(arrays, "feature_noise:0.5", image)["x_train"] - arrays["x_train"]

    channels = arrays["x_train"].reshape(-1, 2).std(axis=0)
    np.testing.assert_allclose(errors.std(axis=0), 0.5 * np.tile(channels, 3), rtol=0.06)


def test_a_subsample_keeps_that_share_of_every_class(arrays):
    kept = under(arrays, "subsample:0.3")

    assert np.bincount(kept["y_train"]).tolist() == [600, 300, 150, 120, 30]
    assert len(kept["x_train"]) == num_left(SHAPE, Scenario("subsample:0.3")) == 1200


@pytest.mark.parametrize("scenario", ["subsample:0.3", "class_imbalance:0.1"])
def test_kept_examples_are_whole_distinct_and_in_their_old_order(arrays, scenario):
    kept = under({**arrays, "x_train": np.arange(NUM)[:, None].astype(np.float32)}, scenario)

    places = kept["x_train"][:, 0].astype(int)
    assert (np.diff(places) > 0).all()
    assert (arrays["y_train"][places] == kept["y_train"]).all()


@pytest.mark.parametrize(("task", "shape"), [("regression", NUMBERS), ("text", TEXT)])
def test_without_classes_a_subsample_is_drawn_from_all(arrays, task, shape):
    labels = arrays["x_train"] if task == "text" else arrays["x_train"][:, 0]

    kept = under({**arrays, "y_train": labels}, "subsample:0.3", shape)

    assert len(kept["y_train"]) == len(kept["x_train"]) == 1200


def test_class_imbalance_keeps_geometrically_fewer_of_rarer_classes(arrays):
    kept = under(arrays, "class_imbalance:0.1")

    ratio = 0.1 ** (1 / 4)
    wanted = [math.ceil(count * ratio**rank - 1e-9) for rank, count in enumerate(COUNTS)]
    assert np.bincount(kept["y_train"]).tolist() == wanted
    assert wanted[0] == COUNTS[0]
    assert wanted[-1] == 10
