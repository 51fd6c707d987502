from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec
from muscope.worker.numerics.program import CellProgram
from muscope.worker.training.tensor_rows import tensor_rows
from tests import cases
from tests.backend.domain.specs import SHAPE, spec


def test_under_adamw_every_tensor_has_its_epsilon_and_weight_decay():
    adamw = OptimizerSpec(kind=OptimizerKind.ADAMW, weight_decay=0.1, epsilon=1e-6)

    rows = tensor_rows(cases.program(width=32, optimizer=adamw), DataDims(cases.NUM_FEATURES, 3))

    assert [row["name"] for row in rows] == ["input", "block_0", "block_1", "output"]
    constants = [(row["lr_mult"], row["epsilon"], row["weight_decay"]) for row in rows]
    plain, hidden = (1.0, 1e-6, 0.1), (0.25, 1e-6 / 4, 0.1 * 4)
    assert constants == [plain, hidden, hidden, plain]


def test_without_weight_decay_sgd_has_neither():
    rows = tensor_rows(cases.program(), DataDims(cases.NUM_FEATURES, 3))

    assert {(row["epsilon"], row["weight_decay"]) for row in rows} == {(None, None)}
    assert [row["branch_mult"] for row in rows] == [None, 2**-0.5, 2**-0.5, None]


def test_tensors_have_the_constants_of_their_cells_scenario():
    planned = spec(scenarios=("as_given", "weight_decay:0.1"))

    decays = {
        cell.scenario: {row["weight_decay"] for row in tensor_rows(_program(planned, cell), SHAPE.dims)}
        for cell in full_grid(planned)
        if cell.width == planned.base_width
    }

    assert decays == {"as_given": {None}, "weight_decay:0.1": {0.1}}


def _program(planned, cell):
    return CellProgram.from_spec(planned, cell, chunk_steps=4)
