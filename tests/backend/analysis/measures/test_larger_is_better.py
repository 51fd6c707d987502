from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.analysis.measures.larger_is_better import num_inversions
from muscope.backend.analysis.sweep import Field
from muscope.backend.analysis.verdict.one_arm import judge_arm
from muscope.backend.analysis.verdict.preconditions import Terms
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.size import Axis, Size
from tests.backend.analysis.sweeps import parabolas, sizes_only, with_diverged, with_finals

MUP = Parametrization.MUP
VAL = Metric.VAL_LOSS
REUSED = 4


def with_accuracy(sweep):
    """Return the sweep with an accuracy that tells width, LR and seed apart."""
    width, lr, seed = np.ogrid[:4, :9, :5]
    return replace(sweep, field=Field(Metric.VAL_ACCURACY, 0.1 * width + 0.01 * lr + 0.001 * seed))


def field_of(sweep, index=-1):
    return judge_arm(MUP, [sweep], Terms()).sizes[index].field


def test_oracle_34_wider_is_better_at_the_reused_rate():
    """Oracle 34: the published toy losses fall with every width, so that no step up is an inversion."""
    toy = np.array([0.0149, 0.0108, 0.0053, 0.0049])[:, None, None] * np.ones((1, 9, 5))
    jitter = 1 + 1e-3 * np.random.default_rng(0).standard_normal(toy.shape)

    assert num_inversions(with_finals(parabolas(), VAL, toy * jitter), VAL, REUSED) == 0


def test_a_step_up_that_is_worse_beyond_the_noise_is_an_inversion():
    final = parabolas().losses[VAL].final.copy()
    final[2] *= 1.5

    assert num_inversions(with_finals(parabolas(), VAL, final), VAL, REUSED) == 1


def test_a_step_up_that_is_worse_within_the_noise_is_none():
    sweep = parabolas(gain=-0.01, noise=0.3)

    assert num_inversions(sweep, VAL, REUSED) == 0


def test_steps_are_between_sizes_that_were_run():
    sweep = sizes_only(parabolas(gain=-0.5), 0, 1, 3)

    assert num_inversions(sweep, VAL, REUSED) == 2


def test_sizes_that_do_not_contain_one_another_are_no_step():
    sizes = (Size(32, 3), Size(64, 12), Size(128, 6), Size(256, 24))
    sweep = replace(parabolas(gain=-0.5), sizes=sizes, axis=Axis.BOTH)

    assert num_inversions(sweep, VAL, REUSED) == 2


def test_one_size_has_no_steps():
    assert num_inversions(parabolas(widths=(32,)), VAL, REUSED) is None


def test_the_field_metric_is_read_where_the_loss_says():
    """At 256 the best LR is two grid points below the reused one."""
    field = field_of(with_accuracy(parabolas(slope=-2 / 3)))

    assert field.metric is Metric.VAL_ACCURACY
    assert (field.of_base, field.reused, field.best) == pytest.approx((0.042, 0.342, 0.322))


def test_the_field_metric_of_a_diverged_run_is_unknown():
    sweep = with_diverged(with_accuracy(parabolas(slope=-2 / 3)), (3, REUSED, 1))
    assert sweep.field is not None
    final = sweep.field.final.copy()
    final[3, REUSED, 1] = np.nan

    field = field_of(replace(sweep, field=Field(Metric.VAL_ACCURACY, final)))

    assert field.reused is None
    assert field.best == pytest.approx(0.322)


def test_without_a_field_metric_none_is_shown():
    assert field_of(parabolas()) is None


def test_the_axis_says_how_often_larger_was_worse():
    (axis,) = judge_arm(MUP, [parabolas(gain=-0.5)], Terms()).axes

    assert (axis.axis, axis.num_inversions) == (Axis.WIDTH, 3)
