"""Adapters on a model of the operator's: planned from what a worker announces, and said in words of ranks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from muscope.backend.catalogue import LANGUAGES, text
from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.domain.brought.description import Description
from muscope.backend.domain.brought.question import DescribeQuestion
from muscope.backend.domain.spec.families.adapted import Adaptable, Adapted, Linear
from muscope.backend.errors import InvalidInput
from muscope.backend.report.sections.study import _model_options
from muscope.backend.report.words.say import Words
from muscope.backend.services.datasets.brought_models import list_models, store_own_data
from muscope.backend.services.lists.experiments import ExperimentQuery, list_experiments
from muscope.backend.services.plans.draft import ExperimentRequest, draft
from tests.backend.db.stores import add_experiment
from tests.backend.services.test_brought_models import Describing, announcer

LAYERS = (
    Linear(name="a", num_inputs=40, num_outputs=64),
    Linear(name="body.b", num_inputs=64, num_outputs=33),
)


class DescribingLayers(Describing):
    """A description with the linear layers of one size."""

    def __call__(self, question: DescribeQuestion) -> Description:
        known = Adaptable(width=64, depth=1, layers=LAYERS, others=("conv (Conv2d)",))
        return super().__call__(question).model_copy(update={"adaptable": (known,)})


@pytest.fixture
def held(context, tmp_path: Path):
    """A worker that holds the model `own`, whose layers are known."""
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "own.py").write_text("network = 1")
    announcer(context, folder, DescribingLayers()).look(context.database)
    return context


def planned(context, model: Any, **wishes: Any) -> Any:
    data = store_own_data(context, LOCAL_OWNER, "own").dataset
    request = ExperimentRequest(dataset_id=data.id, model=model, **wishes)
    with context.database.read() as session:
        return draft(context, session, LOCAL_OWNER, request).spec


def test_a_request_by_name_is_planned_on_the_layers_that_a_worker_has_found(held):
    spec = planned(held, "adapted:own")
    assert isinstance(spec.model, Adapted)
    assert spec.model.layers == LAYERS
    assert (spec.model.network_width, spec.widths) == (64, (4, 8, 16, 32))
    assert spec.model.sha256 == list_models(held, "en")[0].sha256


def test_a_target_that_names_nothing_is_refused_before_anything_is_stored(held):
    with pytest.raises(InvalidInput, match="adapted_target"):
        planned(held, {"family": "adapted", "network": "own", "targets": ["q_proj"]})


def test_the_list_of_models_says_what_gets_an_adapter_and_what_does_not(held):
    (known,) = list_models(held, "en")[0].adaptable
    assert [layer.name for layer in known.layers] == ["a", "body.b"]
    assert known.others == ("conv (Conv2d)",)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_says_that_random_frozen_weights_are_an_assumption(held, language):
    model = planned(held, "adapted:own").model
    words = Words(language, of_rank=True)
    random = dict(_model_options(model, words))
    given = dict(_model_options(model.model_copy(update={"weights_sha256": "0" * 64}), words))
    name = text("report.adapters.frozen", language)
    assert random[name] == text("report.adapters.frozen.random", language)
    assert given[name] == text("report.adapters.frozen.given", language)


@pytest.mark.parametrize(("language", "rank"), [("en", "rank 8"), ("ja", "ランク 8")])
def test_words_of_a_size_are_those_of_a_rank(language, rank):
    assert Words(language, of_rank=True).size(8) == rank
    assert Words(language, of_rank=True).size(8, 2) == rank
    assert Words(language).size(8) != rank


def test_a_list_tells_ranks_of_adapters_from_widths(held):
    of_ranks, _ = add_experiment(held.database, planned(held, "adapted:own"))
    of_widths, _ = add_experiment(held.database)
    listed = {
        item.id: item.are_ranks for item in list_experiments(held, LOCAL_OWNER, ExperimentQuery()).items
    }
    assert listed == {of_ranks: True, of_widths: False}
