"""Models of the operator's, from a folder to the cells that only their holders claim."""

from __future__ import annotations

from pathlib import Path

import pytest

from muscope.backend.db import cells, claims
from muscope.backend.db.machines import workers
from muscope.backend.db.schema.tables import LOCAL_OWNER, ExperimentRow
from muscope.backend.domain.brought.description import Description, Stacking
from muscope.backend.domain.brought.finding import Outcome
from muscope.backend.domain.brought.question import DescribeQuestion
from muscope.backend.domain.brought.rule import RuleLine, RuleOrigin
from muscope.backend.domain.plan.defaults import Capacity
from muscope.backend.domain.plan.plan_request import PlanRequest, resolve
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.brought import (
    Brought,
    BroughtTensor,
    DepthTable,
    Example,
    Leaf,
)
from muscope.backend.domain.spec.families.brought_work import TextRange, Work
from muscope.backend.domain.spec.tensor_role import TensorRole
from muscope.backend.errors import InvalidInput, NotFound
from muscope.backend.services.datasets.brought_models import list_models, store_own_data
from muscope.backend.services.experiments.store import create_experiment
from muscope.backend.services.plans.draft import ExperimentRequest, draft
from muscope.worker.node.announcing import Announcer
from tests.backend.services.measured_model import Measuring

WORKER = "train@here"


def family(sha256: str, *, is_whole_batch: bool = False) -> Brought:
    """Return a network of two matrices, as a worker would describe it."""
    tensors = (
        BroughtTensor(
            name="a.weight", role=TensorRole.INPUT, shape=(8, 4), growing=(0,), inputs=(1,), std=0.5
        ),
        BroughtTensor(
            name="b.weight",
            role=TensorRole.OUTPUT,
            shape=(3, 8),
            growing=(1,),
            inputs=(1,),
            std=0.3,
            init_power=-0.5,
        ),
    )
    work = tuple(Work(width=width, flops=50.0 * width, numbers=2 * width) for width in (8, 16, 32, 64))
    leaves = (Leaf(shape=(4,)), Leaf(shape=(), is_integer=True)) if is_whole_batch else (Leaf(shape=(4,)),)
    return Brought(
        network="own",
        sha256=sha256,
        sizes=(8, 16, 32, 64),
        tables=(DepthTable(depth=1, tensors=tensors, work=work),),
        example=Example(leaves=leaves, is_whole_batch=is_whole_batch, num_outputs=1 if is_whole_batch else 3),
        stacked_up_to=64,
    )


def own_shape(*, is_whole_batch: bool = False) -> DatasetShape:
    """Return the sizes of the data that the network brings."""
    return DatasetShape(
        task=Task.REGRESSION if is_whole_batch else Task.CLASSIFICATION,
        num_features=5 if is_whole_batch else 4,
        num_outputs=1 if is_whole_batch else 3,
        num_train=512,
        num_val=128,
    )


def text_family(sha256: str) -> Brought:
    """Return the same network as one that takes texts of any vocabulary."""
    plain = family(sha256)
    (table,) = plain.tables
    output = table.tensors[1].model_copy(update={"vocabulary": (0,)})
    work = tuple(
        each.model_copy(update={"text_flops": (10.0, 2.0, 16.0), "text_numbers": (1.0, 1.0, 1.0)})
        for each in table.work
    )
    changed = table.model_copy(update={"tensors": (table.tensors[0], output), "work": work})
    return plain.model_copy(update={"tables": (changed,), "text": TextRange(longest=64)})


class Describing:
    """A description in place of the process that runs the file."""

    rule: tuple[RuleLine, ...] = ()

    def __init__(self, *, is_whole_batch: bool = False) -> None:
        self.asked: list[str] = []
        self._is_whole_batch = is_whole_batch

    def __call__(self, question: DescribeQuestion) -> Description:
        self.asked.append(question.network)
        if question.network == "broken":
            raise InvalidInput("brought.ignores_width", widths="8, 16")
        Path(question.arrays).write_bytes(b"arrays of " + question.network.encode())
        return Description(
            family=family(question.sha256, is_whole_batch=self._is_whole_batch),
            stacking=Stacking.STACKED,
            speedup=((8, 2.5),),
            own_data=own_shape(is_whole_batch=self._is_whole_batch),
            num_parameters=(56, 448),
            rule=self.rule,
        )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "own.py").write_text("network = 1")
    return folder


def announcer(context, folder: Path, describing: Describing, measuring: Measuring | None = None) -> Announcer:
    with context.database.write() as session:
        workers.register(
            session,
            WORKER,
            now=context.now(),
            slots=2,
            device="cpu",
            memory_bytes=1 << 33,
            environment={},
            version="1",
            flops_per_second=1e10,
            seconds_per_run_step=1e-5,
        )
    settings = context.settings.model_copy(update={"models": folder})
    return Announcer(WORKER, settings, context.blobs, describing, measuring or Measuring())


def plan(context, **wishes):
    data = store_own_data(context, LOCAL_OWNER, "own").dataset
    request = ExperimentRequest(dataset_id=data.id, model="brought:own", **wishes)
    with context.database.read() as session:
        return draft(context, session, LOCAL_OWNER, request)


def test_a_model_is_described_once_and_again_when_its_source_changes(context, folder):
    describing = Describing()
    announcing = announcer(context, folder, describing)
    announcing.look(context.database)
    announcing.look(context.database)
    first = list_models(context, "en")
    (folder / "own.py").write_text("network = 2")
    announcing.look(context.database)
    second = list_models(context, "en")
    assert describing.asked == ["own", "own"]
    assert [model.name for model in second] == ["own"]
    assert first[0].sha256 != second[0].sha256
    assert first[0].widths == (8, 16, 32, 64)
    assert "2.5" in first[0].stacking_text


def test_the_fields_of_a_configuration_are_told_in_the_readers_language(context, folder):
    describing = Describing()
    describing.rule = (
        RuleLine(field="n_embd", value="width", origin=RuleOrigin.INFERRED),
        RuleLine(field="attn_pdrop", value="0.0", origin=RuleOrigin.REPLACED, instead_of="0.1"),
    )
    announcer(context, folder, describing).look(context.database)
    english, japanese = (list_models(context, language)[0] for language in ("en", "ja"))
    assert "n_embd = width (inferred), attn_pdrop = 0.0 (instead of 0.1)" in english.rule_text
    assert "n_embd = width（名前から判断）" in japanese.rule_text
    assert english.rule == describing.rule


def test_a_model_of_any_text_is_planned_for_the_vocabulary_and_length_of_its_text():
    of_text = text_family("ab" * 32)
    request = PlanRequest(model=of_text, loss=Loss.CROSS_ENTROPY)
    shape = DatasetShape(
        task=Task.LANGUAGE_MODELLING, num_features=6, num_outputs=9, num_train=512, num_val=128
    )
    spec = resolve(
        request,
        dataset_sha256="cd" * 32,
        shape=shape,
        capacity=Capacity(2),
        max_runs=10_000,
        memory_bytes=1 << 33,
    )
    assert (spec.model.example.size, spec.model.example.num_outputs) == (6, 9)
    assert spec.model.tables[0].tensors[1].shape == (9, 8)
    assert spec.model.forward_flops(shape.dims, 8, 1) == 6 * (10 + 2 * 6 + 16 * 9)


def test_a_model_that_cannot_be_trained_says_why_and_no_plan_takes_it(context, folder):
    (folder / "broken.py").write_text("")
    announcer(context, folder, Describing()).look(context.database)
    broken = next(model for model in list_models(context, "en") if model.name == "broken")
    assert broken.error is not None
    assert "8, 16" in broken.error
    with pytest.raises(InvalidInput, match=r"brought\.ignores_width"):
        store_own_data(context, LOCAL_OWNER, "broken")


def test_a_plan_names_a_model_and_gets_its_sizes_and_version(context, folder):
    announcer(context, folder, Describing()).look(context.database)
    spec = plan(context).spec
    (listed,) = list_models(context, "en")
    assert spec.widths == (8, 16, 32, 64)
    assert spec.model.sha256 == listed.sha256
    assert spec.loss is Loss.CROSS_ENTROPY


def test_a_model_with_a_loss_of_its_own_trains_on_no_other(context, folder):
    announcer(context, folder, Describing(is_whole_batch=True)).look(context.database)
    assert plan(context).spec.loss is Loss.OWN
    with pytest.raises(InvalidInput, match=r"spec\.own_loss"):
        plan(context, loss="squared_error")


def test_a_width_at_which_a_tensor_would_not_be_whole_is_refused():
    wide = family("ab" * 32)
    with pytest.raises(InvalidInput, match=r"spec\.brought_width"):
        wide.model_copy(update={"sizes": (16, 32)}).require_size(own_shape().dims, 9, 1)


def test_a_model_that_nobody_holds_is_named_with_those_that_are(context, folder):
    announcer(context, folder, Describing()).look(context.database)
    data = store_own_data(context, LOCAL_OWNER, "own").dataset
    request = ExperimentRequest(dataset_id=data.id, model="brought:other")
    with context.database.read() as session, pytest.raises(NotFound, match="own"):
        draft(context, session, LOCAL_OWNER, request)


def test_only_a_worker_that_holds_the_version_claims_a_cell(context, folder):
    announcer(context, folder, Describing()).look(context.database)
    data = store_own_data(context, LOCAL_OWNER, "own").dataset
    request = ExperimentRequest(dataset_id=data.id, model="brought:own")
    stored = create_experiment(context, LOCAL_OWNER, request, key=None).experiment
    with context.database.write() as session:
        needed = session.get_one(ExperimentRow, stored.id).model_sha256
        cell = cells.of_experiment(session, stored.id)[0]
        elsewhere = claims.claim(session, cell.id, owner="b", now=context.now(), held={"other"})
        session.refresh(cell)
        waits_to_be_rung = cell.dispatched_at is None
        here = claims.claim(session, cell.id, owner="a", now=context.now(), held={needed})
    assert elsewhere is None
    assert waits_to_be_rung
    assert here is not None


def test_a_model_is_listed_with_the_check_of_every_tensor(context, folder):
    measuring = Measuring()
    announcer(context, folder, Describing(), measuring).look(context.database)

    (listed,) = list_models(context, "en")

    assert listed.check is not None
    assert listed.check.outcome is Outcome.PASSED
    assert [(tensor.name, tensor.is_right) for tensor in listed.check.tensors] == [
        ("a.weight", True),
        ("b.weight", True),
    ]
    output = listed.check.tensors[1].init
    assert output.expected == -1
    assert output.measured == pytest.approx(-1)
    assert [question.widths for question in measuring.asked] == [(8, 16, 32, 64)]


@pytest.mark.parametrize(("language", "cause"), [("en", "Probable cause"), ("ja", "可能性があります")])
def test_a_wrong_tensor_is_named_with_its_probable_cause(context, folder, language, cause):
    announcer(context, folder, Describing(), Measuring(output_init=0.0)).look(context.database)

    (listed,) = list_models(context, language)

    assert listed.check is not None
    assert listed.check.outcome is Outcome.FAILED
    assert [tensor.name for tensor in listed.check.tensors if not tensor.is_right] == ["b.weight"]
    (finding,) = listed.check.findings
    assert (finding.code, finding.tensors) == ("init_constant", ("b.weight",))
    assert cause in finding.text


def test_a_check_that_cannot_end_says_why_and_the_model_trains_all_the_same(context, folder):
    error = InvalidInput("brought.not_repeatable", width=16)
    announcer(context, folder, Describing(), Measuring(error=error)).look(context.database)

    (listed,) = list_models(context, "en")

    assert (listed.error, listed.check) == (None, None)
    assert listed.check_error is not None
    assert "width 16" in listed.check_error


def test_a_restarted_worker_checks_no_version_again(context, folder):
    announcer(context, folder, Describing(), Measuring()).look(context.database)
    again = Measuring()
    announcer(context, folder, Describing(), again).look(context.database)

    (listed,) = list_models(context, "en")

    assert again.asked == []
    assert listed.check is not None
