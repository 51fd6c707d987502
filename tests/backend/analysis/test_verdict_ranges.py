from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from tests.backend.analysis.sweeps import parabolas, spec_of


def test_a_verdict_with_weight_decay_says_for_which():
    sweep = parabolas()
    optimizer = OptimizerSpec(kind=OptimizerKind.ADAMW, weight_decay=0.1)
    spec = spec_of(sweep).model_copy(update={"optimizer": optimizer})

    verdict = judge(spec, Scenario.AS_GIVEN, {Parametrization.MUP: [sweep]}, is_interim=False)

    found = {why.code: why.params for why in verdict.ranges.not_claimed}
    assert found["other_optimizer"] == {"optimizer": "adamw"}
    assert found["other_weight_decay"] == {"weight_decay": 0.1}
    assert "no_regularisation" not in found
