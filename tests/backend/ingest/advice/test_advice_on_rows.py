"""Advice on rows: leakage, noise, repetition, time and units, against independent computations."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from muscope.backend.domain.spec.dataset import ColumnKind, DataWarning, Task
from muscope.backend.ingest.advice.noise import nearest, num_contradicting, spread_within
from muscope.backend.ingest.advice.one_column import by_levels, by_tree
from muscope.backend.ingest.advice.splits import explained
from tests.backend.ingest.advice.advised import CLASSES, NOISY, OTHERS, RNG, N, X
from tests.backend.ingest.tables import advice_on, label_of, numbers, texts


@pytest.mark.parametrize("kind", ["number", "class"])
def test_a_column_that_holds_the_answer_is_suspected(kind):
    label = NOISY if kind == "number" else CLASSES
    columns = {
        "number": [numbers("answer", np.exp(NOISY.values))],
        "class": [
            texts("word", [f"is {CLASSES.classes[code]}" for code in CLASSES.values]),
            numbers("payout", np.where(CLASSES.values == 1, RNG.normal(50, 1, N), np.nan)),
            numbers("score", CLASSES.values * 10 + RNG.random(N)),
        ],
    }[kind]

    found = advice_on([*OTHERS, *columns], label)

    assert {warning.params["column"] for warning in found["leakage"]} == {column.name for column in columns}
    assert all(float(warning.params["percent"]) >= 98 for warning in found["leakage"])
    assert all(float(warning.params["others"]) < 95 for warning in found["leakage"])


def test_nothing_is_suspected_where_the_others_tell_the_label_too():
    centres = np.array([0.0, 20.0, 40.0])[np.arange(N) % 3]
    columns = [numbers(f"x{place}", centres + RNG.normal(size=N)) for place in range(2)]
    columns.append(numbers("weak", centres + 12 * RNG.normal(size=N)))
    mixed = [numbers("p", centres + X[:, 0] * 30), numbers("q", centres - X[:, 0] * 30), columns[0]]
    label = label_of([f"c{place % 3}" for place in range(N)])

    assert "leakage" not in advice_on(columns[:2], label)
    assert "leakage" not in advice_on(mixed, label)


def test_the_best_of_honest_columns_is_not_suspected():
    assert "leakage" not in advice_on(OTHERS, label_of(X[:, 0] + 0.4 * RNG.normal(size=N)))


def test_equal_rows_with_other_labels_are_counted():
    cells = RNG.integers(0, 40, N)
    classes = ["yes" if (cell + (place % 10 == 0)) % 2 else "no" for place, cell in enumerate(cells)]
    by_cell: dict[int, Counter[str]] = defaultdict(Counter)
    for cell, name in zip(cells.tolist(), classes, strict=True):
        by_cell[cell][name] += 1
    expected = sum(sum(counter.values()) - max(counter.values()) for counter in by_cell.values())

    (warning,) = advice_on([numbers("a", cells)], label_of(classes))["contradicting_rows"]

    assert warning.params == {"column": "y", "count": expected, "percent": round(100 * expected / N, 1)}


def test_the_spread_of_equal_rows_cannot_be_explained():
    cells = np.arange(N) % 20
    y = cells + RNG.normal(size=N)
    within = np.mean([y[cells == cell].var() for cell in range(20)])

    (warning,) = advice_on([numbers("a", cells)], label_of(y))["contradicting_numbers"]

    assert warning.params["count"] == N
    assert warning.params["percent"] == pytest.approx(100 * within / y.var(), abs=0.05)
    assert spread_within(cells, y) == pytest.approx(within / y.var())


def test_a_row_contradicts_the_most_of_its_equals_only():
    assert num_contradicting(np.array([0, 0, 0, 1, 2, 2]), np.array([5, 5, 1, 7, 3, 4])) == 2


def test_neighbours_are_those_of_the_library():
    x = RNG.normal(size=(60, 4)).astype(np.float32)

    library = NearestNeighbors(n_neighbors=5).fit(x).kneighbors(return_distance=False)

    np.testing.assert_array_equal(np.sort(nearest(x), axis=1), np.sort(library, axis=1))


@pytest.mark.parametrize("share", [0.06, 0.12, 0.25])
def test_wrong_labels_are_estimated_from_the_neighbours(share):
    side = np.sign(X[:, 0]) * (2 + np.abs(X[:, 0]))
    is_wrong = np.random.default_rng(7).random(N) < share
    label = label_of(["up" if way else "down" for way in (side > 0) ^ is_wrong])

    (warning,) = advice_on([numbers("a", side), numbers("b", side**3)], label)["neighbours_disagree"]

    assert warning.severity == "info"
    assert warning.params["percent"] == pytest.approx(100 * is_wrong.mean(), abs=2 + 24 * share)


def test_right_labels_of_classes_that_lie_apart_are_not_doubted():
    side = np.sign(X[:, 0]) * (2 + np.abs(X[:, 0]))

    label = label_of(["up" if way else "down" for way in side > 0])

    assert "neighbours_disagree" not in advice_on([numbers("a", side), numbers("b", side**3)], label)


def test_unexplained_variation_is_estimated_from_the_neighbours():
    noisy = label_of(X[:, 0] + 1.5 * RNG.normal(size=N))

    (warning,) = advice_on([OTHERS[0]], noisy)["neighbours_unlike"]

    assert warning.params["percent"] == pytest.approx(100 * 2.25 / 3.25, abs=10)
    assert "neighbours_unlike" not in advice_on([OTHERS[0]], label_of(X[:, 0] + 0.1 * RNG.normal(size=N)))


def test_repeated_rows_are_counted_and_kept_from_both_sides():
    columns = [numbers("a", np.append(np.arange(380), np.arange(20)))]
    label = label_of(np.append(np.arange(380), np.arange(20)) % 7 + 0.5)

    found = advice_on(columns, label)

    assert found["duplicate_rows"][0].params == {"count": 20, "percent": 5.0}
    assert "duplicates_across_split" not in found


def test_repeated_rows_on_both_sides_are_counted_where_they_cannot_be_kept_apart():
    label = label_of(["p", "q"] * (N // 2))

    (warning,) = advice_on([numbers("a", np.arange(N) % 2)], label)["duplicates_across_split"]

    assert warning.params == {"count": N // 5, "percent": 100.0}


@pytest.mark.parametrize("kind", ["number", "class"])
def test_a_label_that_drifts_offers_the_split_by_time(kind):
    time = np.arange(N) * 86_400.0
    drift = np.arange(N) / N + 0.5 * RNG.normal(size=N)
    label = label_of(drift) if kind == "number" else label_of(["late" if d > 0.5 else "early" for d in drift])
    columns = [*OTHERS, numbers("when", time, ColumnKind.TIME)]

    (warning,) = advice_on(columns, label)["drifts_over_time"]

    assert (warning.offers, warning.severity) == ({"split": "time:when"}, "warn")
    assert "drifts_over_time" not in advice_on(columns, label, "time:when")


def test_a_time_without_drift_still_offers_the_split():
    columns = [*OTHERS, numbers("when", np.arange(N), ColumnKind.TIME)]

    found = advice_on(columns, label_of(RNG.normal(size=N)))

    assert "drifts_over_time" not in found
    assert found["has_time_column"][0].offers == {"split": "time:when"}


def test_the_share_between_groups_is_that_of_the_analysis_of_variance():
    groups = np.arange(90) % 3
    y = groups + RNG.normal(size=90)
    within = sum(((y[groups == g] - y[groups == g].mean()) ** 2).sum() for g in range(3)) / 87
    between = sum(30 * (y[groups == g].mean() - y.mean()) ** 2 for g in range(3)) / 2

    share, f = explained(y[:, None], groups)

    assert f == pytest.approx(between / within)
    assert share == pytest.approx(1 - within / y.var(ddof=1))


@pytest.mark.parametrize(("is_alike", "severity"), [(True, "warn"), (False, "info")])
def test_units_with_several_rows_offer_the_split_by_units(is_alike, severity):
    patients = np.arange(N) // 8
    own = RNG.normal(size=50)[patients] if is_alike else 0.0
    columns = [*OTHERS, numbers("patient", patients)]
    label = label_of(own + RNG.normal(size=N))

    (warning,) = advice_on(columns, label)["groups"]

    assert warning.params == {"column": "patient", "count": 50, "rows": N}
    assert (warning.offers, warning.severity) == ({"split": "group:patient"}, severity)
    assert "groups" not in advice_on(columns, label, "group:patient")


@pytest.mark.parametrize(
    ("label", "percent", "severity"),
    [(CLASSES, 11.2, "warn"), (NOISY, 15.8, "warn"), (label_of([*"pq"] * 500), 7.1, "info")],
)
def test_too_few_validation_rows_are_told_with_the_error_of_their_mean(label, percent, severity):
    columns = [numbers("a", RNG.normal(size=len(label.values)))]

    (warning,) = advice_on(columns, label)["few_validation_rows"]

    assert warning.params == {"count": len(label.values) // 5, "percent": percent, "limit": 0.5}
    assert warning.severity == severity


def test_enough_validation_rows_are_not_mentioned():
    label = label_of(["p", "q"] * 4000)

    assert "few_validation_rows" not in advice_on([numbers("a", RNG.normal(size=8000))], label)


def test_a_large_table_is_looked_at_in_a_sample_which_is_said():
    count = 25_000
    columns = [numbers(f"x{place}", RNG.normal(size=count)) for place in range(3)]

    found = advice_on(columns, label_of(RNG.normal(size=count)))

    assert found["advice_on_sample"][0].params == {"rows": 20_000, "columns": 3}


def test_many_columns_are_looked_at_in_a_sample():
    columns = [numbers(f"x{place}", RNG.normal(size=60)) for place in range(450)]

    found = advice_on(columns, label_of(RNG.normal(size=60)))

    assert found["advice_on_sample"][0].params == {"rows": 60, "columns": 200}


@pytest.mark.parametrize("depth", [1, 3, 6])
def test_the_tree_of_one_column_is_that_of_the_library(depth):
    x = RNG.normal(size=300).round(1)
    for y, tree in (
        (np.sin(3 * x) + 0.1 * RNG.normal(size=300), DecisionTreeRegressor),
        ((x + 0.3 * RNG.normal(size=300) > 0).astype(int), DecisionTreeClassifier),
    ):
        targets = y[:, None] if tree is DecisionTreeRegressor else np.eye(2)[y]
        library = tree(max_depth=depth, min_samples_leaf=2, random_state=0).fit(x[:200, None], y[:200])

        found = by_tree(x, targets[:200], depth)

        expected = library.predict(x[200:, None])
        if tree is DecisionTreeRegressor:
            errors = [((answers - y[200:]) ** 2).mean() for answers in (found[:, 0], expected)]
            assert errors[0] == pytest.approx(errors[1], rel=0.05)
        else:
            assert np.mean(found.argmax(1) == expected) > 0.97


def test_a_missing_number_is_a_leaf_of_its_own():
    x = np.array([1.0, 2, np.nan, np.nan, 3, 4, np.nan, 2])
    targets = np.array([[0.0], [0], [9], [9], [0], [0]])

    np.testing.assert_allclose(by_tree(x, targets, 3), [[9.0], [0.0]])


def test_an_unknown_level_is_answered_by_the_mean_of_all():
    values = np.array([1.0, 1, 2, np.nan, 3, 1, np.nan])
    targets = np.array([[2.0], [4], [6], [8]])

    np.testing.assert_allclose(by_levels(values, targets), [[5.0], [3.0], [8.0]])


def test_warnings_stored_before_load_as_warnings():
    stored = DataWarning.model_validate({"code": "dataset.empty_column", "params": {"column": "a"}})

    assert (stored.severity, stored.offers) == ("warn", {})


@pytest.mark.parametrize("task", list(Task)[:2])
def test_huge_numbers_and_empty_columns_disturb_nothing(task):
    values = np.where(np.arange(N) % 2 == 0, 1e308, -1e308)
    columns = [
        numbers("huge", values),
        numbers("empty", np.full(N, np.nan)),
        numbers("one", np.ones(N)),
        *OTHERS,
    ]
    label = label_of(values * RNG.random(N), task) if task is Task.REGRESSION else CLASSES

    assert advice_on(columns, label)
