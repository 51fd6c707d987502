"""Verdicts: the answer of an experiment, and judging its evidence again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from starlette.responses import Response

from muscope.backend.api.deps import Ctx, ExperimentId, Owner
from muscope.backend.api.documented import Responses, errors
from muscope.backend.domain.spec.judging.decision import MOST_SEEDS
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import Verdict
from muscope.backend.services.experiments.store import get_experiment
from muscope.backend.services.verdicts import judging as verdicts
from muscope.backend.services.verdicts.rejudging import JudgementRequest, judge_again
from muscope.backend.services.verdicts.settling import (
    SettleRequest,
    SettleView,
    preview_settling,
    settle_experiment,
)
from muscope.backend.services.views.views import ExperimentView, JudgementView, VerdictsView

router = APIRouter(prefix="/experiments", tags=["verdicts"])

RuleVersion = Annotated[
    str | None,
    Query(
        max_length=16, description="A version of the rules that the experiment was judged by.", examples=["2"]
    ),
]
WhichScenario = Annotated[
    Scenario | None,
    Query(
        description="A scenario of the experiment; the one that decides when left out.",
        examples=["label_noise:0.2"],
    ),
]
MaxSeeds = Annotated[
    int, Query(ge=2, le=MOST_SEEDS, description="Most seeds of one learning rate.", examples=[MOST_SEEDS])
]
_EXAMPLES: dict[str, Any] = {
    "current": {"summary": "Under the current rules", "value": {}},
    "other_thresholds": {
        "summary": "With other thresholds than fixed before the first run",
        "value": {"thresholds": {"transfers_regret": 0.05}},
    },
}
JudgementBody = Annotated[JudgementRequest, Body(openapi_examples=_EXAMPLES)]
_SETTLE_EXAMPLES: dict[str, Any] = {
    "all": {"summary": "With as many seeds as it takes", "value": {}},
    "few": {"summary": "With at most 16 seeds of one learning rate", "value": {"max_seeds": 16}},
}
SettleBody = Annotated[SettleRequest, Body(openapi_examples=_SETTLE_EXAMPLES)]
_AGAIN: Responses = {
    200: {"model": list[JudgementView], "description": "All scenarios were judged like this before."}
}


@router.get("/{experiment_id}/verdicts", summary="Get the verdicts of all scenarios", responses=errors(404))
def get_verdicts(
    context: Ctx, owner: Owner, experiment_id: ExperimentId, rule_version: RuleVersion = None
) -> VerdictsView:
    """Return one verdict per scenario, and the answer over them: the worst, and where it breaks.

    An inconclusive scenario does not hide one that fails: `overall.breaks_at` names the worst that was found
    to fail, whichever scenario decides. Each verdict is interim or stored as in `…/verdict`.
    """
    return verdicts.get_verdicts(context, owner, experiment_id, rule_version=rule_version)


@router.get("/{experiment_id}/verdict", summary="Get an experiment's verdict", responses=errors(404))
def get_verdict(
    context: Ctx,
    owner: Owner,
    experiment_id: ExperimentId,
    scenario: WhichScenario = None,
    rule_version: RuleVersion = None,
) -> Verdict:
    """Return whether the base's learning rate may be reused, with the numbers and the rule that decided.

    Of several scenarios the worst one's, unless `scenario` names another. While cells are open the verdict is
    interim (`is_interim`) and computed on the way; afterwards it is the stored one: under the current rules,
    or, until it is judged again, the last one given (`rule_version` says which). The words for `outcome`,
    `rule` and `reasons` are in the catalogue.
    """
    return verdicts.get_verdict(context, owner, experiment_id, scenario=scenario, rule_version=rule_version)


@router.post(
    "/{experiment_id}/verdicts",
    summary="Judge an experiment again",
    status_code=201,
    responses=_AGAIN | errors(403, 404, 409),
)
def judge_experiment_again(
    context: Ctx,
    owner: Owner,
    response: Response,
    experiment_id: ExperimentId,
    body: JudgementBody = JudgementRequest(),  # noqa: B008 (frozen)
) -> list[JudgementView]:
    """Judge the stored evidence of an ended experiment, and keep the verdicts beside the earlier ones.

    Nothing is trained again. One verdict per scenario, under the current rules and the thresholds that were
    hashed before the first run; thresholds given here are named in the verdict's reasons. Repeatable.
    """
    done = judge_again(context, owner, experiment_id, body)
    response.status_code = 201 if done.is_new else 200
    return list(done.judgements)


@router.get(
    "/{experiment_id}/settle", summary="Get the price of settling an open answer", responses=errors(404)
)
def get_settling(
    context: Ctx, owner: Owner, experiment_id: ExperimentId, max_seeds: MaxSeeds = MOST_SEEDS
) -> SettleView:
    """Return what the next batch of seeds would take, or the reason why nothing can be settled.

    Nothing is run. `reason` is the code of the error that `POST …/settle` would give.
    """
    return preview_settling(context, owner, experiment_id, SettleRequest(max_seeds=max_seeds))


@router.post(
    "/{experiment_id}/settle",
    summary="Settle an open answer",
    status_code=202,
    responses=errors(403, 404, 409),
)
def settle(
    context: Ctx,
    owner: Owner,
    experiment_id: ExperimentId,
    body: SettleBody = SettleRequest(),  # noqa: B008 (frozen)
) -> ExperimentView:
    """Let an ended experiment go on with further seeds at its target, until its answer is decided.

    The same experiment goes on: every result stays in use, nothing is run twice, and the verdict before stays
    stored. Repeatable while it goes on. A conflict names why nothing can be settled: the answer is not open,
    or not by seeds; its rules have changed; its dataset was deleted; its budget is spent.
    """
    settle_experiment(context, owner, experiment_id, body)
    return get_experiment(context, owner, experiment_id)
