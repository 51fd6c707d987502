"""Final values: the mean of the tail, the lowest validation loss so far, the last field metric."""

import numpy as np
import pytest

from muscope.backend.analysis.final_values import final_of_summary, final_steps, final_values
from muscope.backend.domain.spec.metrics import Metric

MEASURED = np.array([0, 4, 8, 10])
# Two runs: one overfits after step 4, one goes on improving.
VALUES = np.array([[3.0, 3.0], [1.0, 2.0], [1.5, 1.0], [2.0, 0.5]])


def final(metric, end, steps=MEASURED, values=VALUES):
    wanted = final_steps(metric, MEASURED, end=end, tail_steps=3)
    return final_values(metric, steps, values, wanted).tolist()


def test_the_validation_loss_counts_at_its_best_measurement_so_far():
    assert final(Metric.VAL_LOSS, 10) == [1.0, 0.5]
    assert final(Metric.VAL_LOSS, 8) == [1.0, 1.0]
    assert final(Metric.VAL_LOSS, 3) == [3.0, 3.0]


def test_the_field_metric_counts_at_its_last_measurement():
    assert final(Metric.VAL_ACCURACY, 10) == [2.0, 0.5]
    assert final(Metric.VAL_ACCURACY, 9) == [1.5, 1.0]


def test_the_training_loss_counts_as_the_mean_of_its_tail():
    steps, values = np.arange(11), np.arange(22.0).reshape(11, 2)

    assert final(Metric.TRAIN_LOSS, 10, steps, values) == [18.0, 19.0]


@pytest.mark.parametrize("metric", [Metric.VAL_LOSS, Metric.VAL_ACCURACY, Metric.TRAIN_LOSS])
def test_a_measurement_that_is_missing_leaves_the_value_unknown(metric):
    assert np.isnan(final(metric, 10, MEASURED[:3], VALUES[:3])).all()


@pytest.mark.parametrize(
    ("metric", "value"), [(Metric.VAL_LOSS, 1.0), (Metric.VAL_ACCURACY, 2.0), (Metric.TRAIN_LOSS, 4.0)]
)
def test_a_summary_has_the_same_final_value_once_its_run_has_ended(metric, value):
    def final_at(step, count):
        return final_of_summary(
            metric,
            last=2.0,
            minimum=1.0,
            last_step=step,
            tail_sum=12.0,
            tail_count=count,
            num_steps=10,
            tail_steps=3,
        )

    assert final_at(10, 3) == value
    assert final_at(8, 2) is None
