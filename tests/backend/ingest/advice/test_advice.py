"""Advice on columns and labels: what is told, in what order, and with what to do."""

import json
from pathlib import Path

import numpy as np
import pytest

from muscope.backend import catalogue
from muscope.backend.domain.spec.dataset import ColumnKind
from muscope.backend.ingest.advice import advise as advising
from muscope.backend.ingest.advice.advise import advise
from tests.backend.ingest.advice.advised import CLASSES, NOISY, OTHERS, RNG, N, X
from tests.backend.ingest.tables import advice_on, evidence_of, label_of, numbers, texts


def test_a_plain_table_has_nothing_to_ask_attention_for():
    label = label_of(X @ [3.0, 2.0, 1.0])

    found = advice_on(OTHERS, label)

    grave = {code for code, warnings in found.items() if warnings[0].severity == "warn"}
    assert grave == {"few_validation_rows"}


def test_every_kind_of_advice_has_its_words_in_both_languages():
    keys = [f"warning.{code}" for code in advising._RANKS]

    for language in catalogue.LANGUAGES:
        path = Path(__file__).resolve().parents[4] / "frontend" / "locales" / f"{language}.json"
        assert set(keys) <= set(json.loads(path.read_text(encoding="utf-8")))


def test_advice_is_the_same_every_time():
    evidence = evidence_of([*OTHERS, texts("c", ["p", "q"] * 200)], CLASSES)

    assert advise(evidence) == advise(evidence)


def test_what_asks_for_attention_comes_first_and_the_gravest_of_it():
    answer = numbers("answer", NOISY.values + 0.001 * RNG.normal(size=N))
    gaps = np.where(np.arange(N) % 9 == 0, np.nan, X[:, 0])

    found = list(advice_on([*OTHERS, answer, numbers("gaps", gaps), numbers("id", np.arange(N))], NOISY))

    assert found[0] == "leakage"
    assert found.index("near_unique_column") < found.index("missing_replaced")


def test_of_many_columns_with_the_same_matter_five_are_told_and_the_others_named():
    gaps = [np.where(np.arange(N) < 10 + place, np.nan, RNG.normal(size=N)) for place in range(8)]
    columns = [numbers(f"g{place}", column) for place, column in enumerate(gaps)]

    found = advice_on(columns, NOISY)

    assert [warning.params["count"] for warning in found["missing_replaced"]] == [17, 16, 15, 14, 13]
    assert found["more_columns"][0].params == {"column": "g7", "count": 3, "columns": "g2, g1, g0"}


def test_missing_values_are_told_with_their_share_and_what_became_of_them():
    half = np.where(np.arange(N) % 2 == 0, np.nan, 7.0 + X[:, 0].round())
    some = texts("c", [None if place % 20 == 0 else "pq"[place % 2] for place in range(N)])

    found = advice_on([*OTHERS, numbers("half", half), some], NOISY)

    (filled,) = found["missing_replaced"]
    assert filled.params == {"column": "half", "count": 200, "percent": 50.0, "value": 7.0}
    (level,) = found["missing_level"]
    assert level.params == {"column": "c", "count": 20, "percent": 5.0}
    assert (filled.severity, level.severity) == ("warn", "info")


@pytest.mark.parametrize(
    "twin",
    [
        numbers("twin", X[:, 0]),
        numbers("twin", 2.54 * X[:, 0] + 1),
        numbers("twin", -X[:, 0]),
        texts("twin", ["赤青白"[place % 3] for place in range(N)]),
        numbers("twin", np.array([30, 10, 20])[np.arange(N) % 3]),
    ],
    ids=["equal", "other unit", "other sign", "renamed", "numbered"],
)
def test_columns_that_say_the_same_are_named_together(twin):
    code = texts("code", ["abc"[place % 3] for place in range(N)])

    found = advice_on([*OTHERS, code, twin], NOISY)

    (warning,) = found["duplicate_columns"]
    assert warning.params["column"] == "twin"
    assert warning.params["other"] in ("x0", "code")


def test_different_measurements_are_no_duplicates_though_every_value_is_new():
    assert "duplicate_columns" not in advice_on(OTHERS, NOISY)


@pytest.mark.parametrize(
    ("column", "is_found"),
    [
        (numbers("n", np.arange(N) + 1000), True),
        (numbers("order_no", RNG.integers(0, 10**12, N)), True),
        (texts("name", [f"person {place}" for place in range(N)]), True),
        (numbers("yen", RNG.integers(0, 10**12, N)), False),
        (numbers("height", RNG.random(N)), False),
        (numbers("when", np.arange(N), ColumnKind.TIME), False),
    ],
)
def test_columns_that_only_tell_rows_apart_are_named(column, is_found):
    assert ("near_unique_column" in advice_on([*OTHERS, column], NOISY)) == is_found


def test_values_far_from_the_others_are_counted_with_the_farthest():
    values = X[:, 0].copy()
    values[[3, 9]] = [80.0, -3000.0]

    (warning,) = advice_on([numbers("a", values), *OTHERS], NOISY)["outliers"]

    assert warning.params == {"column": "a", "count": 2, "example": "-3000"}


def test_a_code_for_missing_is_told_from_outliers():
    values = np.where(np.arange(N) % 10 == 0, -999.0, X[:, 0])

    found = advice_on([numbers("a", values), *OTHERS], NOISY)

    assert found["odd_value"][0].params == {"column": "a", "count": 40, "value": "-999"}
    assert "outliers" not in found


def test_a_column_of_mostly_zeros_has_no_outliers():
    values = np.where(np.arange(N) % 10 == 0, 50.0, 0.0)

    assert not {"outliers", "odd_value"} & set(advice_on([numbers("a", values), *OTHERS], NOISY))


def test_unbalanced_and_rare_classes_are_named():
    label = label_of(["ok"] * 385 + ["crack"] * 10 + ["dent"] * 3 + ["scratch"] * 2)

    found = advice_on(OTHERS, label)

    assert found["class_imbalance"][0].params == {"column": "y", "value": "ok", "percent": 96.2}
    rare = {"column": "y", "count": 2, "classes": "scratch, dent", "least": 2}
    assert found["rare_classes"][0].params == rare


def test_many_classes_of_some_rows_each_are_rare_only_beside_larger_ones():
    assert "rare_classes" not in advice_on(OTHERS, label_of([f"c{place % 80}" for place in range(N)]))


def test_classes_on_one_side_of_the_split_are_named():
    when = numbers("when", np.arange(N), ColumnKind.TIME)
    label = label_of(["old"] * 200 + ["always", "usual"] * 80 + ["new", "usual"] * 20)

    found = advice_on([when, *OTHERS], label, "time:when")

    assert found["class_not_trained"][0].params == {"column": "y", "count": 1, "classes": "new"}
    assert found["class_not_validated"][0].params == {"column": "y", "count": 1, "classes": "old"}


def test_the_logarithm_is_offered_for_positive_numbers_with_a_long_tail():
    prices = label_of(np.exp(8 + 1.2 * X[:, 0]))

    (warning,) = advice_on(OTHERS, prices)["skewed_label"]
    again = advice_on(OTHERS, prices, is_log=True)

    assert (warning.offers, warning.severity) == ({"log_target": True}, "info")
    assert again["log_label"][0].offers == {"log_target": False}
    assert "skewed_label" not in again


@pytest.mark.parametrize("values", [X[:, 0], np.exp(X[:, 0]) - 0.01 * np.exp(2), 100 + RNG.random(N)])
def test_no_logarithm_is_offered_where_it_does_not_help(values):
    assert "skewed_label" not in advice_on(OTHERS, label_of(values))
