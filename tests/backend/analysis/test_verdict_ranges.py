import numpy as np

from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from tests.backend.analysis.sweeps import parabolas, spec_of, without


def test_a_verdict_with_weight_decay_says_for_which():
    sweep = parabolas()
    optimizer = OptimizerSpec(kind=OptimizerKind.ADAMW, weight_decay=0.1)
    spec = spec_of(sweep).model_copy(update={"optimizer": optimizer})

    verdict = judge(spec, Scenario.AS_GIVEN, {Parametrization.MUP: [sweep]}, is_interim=False)

    found = {why.code: why.params for why in verdict.ranges.not_claimed}
    assert found["other_optimizer"] == {"optimizer": "adamw"}
    assert found["other_weight_decay"] == {"weight_decay": 0.1}
    assert "no_regularisation" not in found


def test_only_sizes_with_a_result_count_as_measured():
    whole = parabolas(widths=(32, 64, 128))
    runs = list(np.ndindex(whole.is_measured.shape))
    halted = without(whole, *(run for run in runs if run[0] == 2))
    nothing = without(whole, *runs)

    of_whole, of_halted, of_nothing = (
        judge(spec_of(whole), Scenario.AS_GIVEN, {Parametrization.MUP: [sweep]}, is_interim=False).ranges
        for sweep in (whole, halted, nothing)
    )

    assert (of_whole.widths, of_halted.widths, of_nothing.widths) == ((32, 64, 128), (32, 64), ())
    assert {"width": 64} in [why.params for why in of_halted.not_claimed]
    assert "beyond_widths" not in {why.code for why in of_nothing.not_claimed}
