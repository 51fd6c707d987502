"""Published sweeps under the rules of the verdict, with synthetic seeds where the rules ask for some."""

import pytest

from muscope.backend.analysis.verdict.one_arm import judge_arm
from muscope.backend.analysis.verdict.preconditions import Terms
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.parametrization import Parametrization
from tests.backend.analysis.fixtures import MEGATRON_MUP, MEGATRON_SP, MUP66_INITIAL, megatron, mup66


def judged(sweep, thresholds=None):
    return judge_arm(Parametrization.MUP, [sweep], Terms(thresholds or Thresholds()))


def test_oracle_30_public_standard_parametrization_does_not_transfer():
    """Oracle 30: Megatron SP, with synthetic seeds."""
    arm = judged(megatron(MEGATRON_SP, curvature=0.2))

    assert (arm.outcome, arm.worst_width) == ("does_not_transfer", 2048)
    assert arm.lr_slope.value == pytest.approx(-1.0, abs=0.005)


def test_oracle_30_public_maximal_update_needs_the_loss_to_decide():
    """Oracle 30: Megatron µP: D = +1 transfers on a flat curve and not on a steep one."""
    assert judged(megatron(MEGATRON_MUP, curvature=0.01)).outcome in {"transfers", "fine_tune"}
    assert judged(megatron(MEGATRON_MUP, curvature=0.5)).outcome == "does_not_transfer"


@pytest.mark.parametrize("num_seeds", [1, 5])
def test_oracle_30_a_public_table_with_a_hole_is_inconclusive(num_seeds):
    """Oracle 30: mup #66 never transfers; at 768 the reused LR was not run."""
    arm = judged(mup66(num_seeds=num_seeds), thresholds=Thresholds(min_lrs=5))

    assert arm.outcome == "inconclusive"
    assert "missing_runs" in {why.code for why in arm.reasons}


def test_oracle_30_a_public_table_up_to_its_third_width_transfers():
    """Oracle 30: mup #66 at 384: reuse costs .36% for a benefit of 9.9%, of which a tenth may be lost."""
    limits = Thresholds(min_lrs=5, min_width_span=4)

    arm = judged(mup66(num_seeds=5, num_widths=3), thresholds=limits)

    assert (arm.outcome, arm.base_lr, arm.worst_width) == ("transfers", 2.0**-9, 384)
    found = arm.sizes[-1].losses[0]
    assert found.transfer_regret.value == pytest.approx(0.0036, abs=1e-4)
    assert found.cost_limit == pytest.approx(0.1 * (4.1184 - 3.3776) / (MUP66_INITIAL - 3.3776), rel=1e-3)


@pytest.mark.parametrize("sweep", [mup66(num_widths=3), megatron(MEGATRON_SP, curvature=0.2, num_seeds=1)])
def test_oracle_30_a_public_table_as_published_with_one_seed_is_inconclusive(sweep):
    """Oracle 30: without seeds to compare, nothing is claimed."""
    arm = judged(sweep, Thresholds(min_lrs=5, min_width_span=4))

    assert (arm.outcome, arm.rule) == ("inconclusive", "too_few_seeds")
