import hashlib
import struct

import pytest

from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.errors import NotFound
from muscope.backend.services import stored_values
from muscope.backend.services.experiments.export import export_lines, export_sha256
from tests.backend.db.stores import add_experiment
from tests.backend.domain.specs import SPEC, spec
from tests.backend.services.recorded import record, record_components, value_of

pytestmark = pytest.mark.slow

# From the run of this test; a change means that all exports ever made compare differently.
KNOWN_SHA256 = "d5a90fc78160ee8bcb2bec4ace5de4e1b36f4f00daf831ff5bc4be7785b742d6"


def _recorded(database, of=SPEC, **how):
    experiment_id, cell_ids = add_experiment(database, of, **how)
    for cell_id in cell_ids:
        record(database, cell_id)
    return experiment_id


def _lines(context, experiment_id):
    return list(export_lines(context, LOCAL_OWNER, experiment_id))


def _key(line):
    scenario, arm, width, depth, lr, seed, metric, step, _ = line.split("\t")
    return scenario, arm, int(width), int(depth), float(lr), int(seed), metric, int(step)


@pytest.mark.parametrize("chunk_steps", [1, 3, 13])
def test_the_export_does_not_depend_on_ids_and_chunk_length(chunk_steps, context, database):
    first, second = _recorded(database), _recorded(database, chunk_steps=chunk_steps)

    assert first != second
    assert _lines(context, first) == _lines(context, second)


@pytest.mark.parametrize("most", [1, 3])
def test_the_export_does_not_depend_on_how_cells_were_split(most, context, database):
    whole, split = _recorded(database), _recorded(database, max_runs_per_cell={8: most, 16: most})

    assert _lines(context, whole) == _lines(context, split)


def test_the_export_does_not_depend_on_how_many_runs_are_read_at_once(context, database, monkeypatch):
    experiment_id = _recorded(database)
    together = _lines(context, experiment_id)
    monkeypatch.setattr(stored_values, "MOST_VALUES", 1)

    assert _lines(context, experiment_id) == together


def test_the_export_does_not_depend_on_the_order_of_the_spec(context, database):
    arms = tuple(arm.model_copy(update={"lrs": arm.lrs[::-1]}) for arm in SPEC.arms[::-1])
    other = spec(arms=arms, widths=SPEC.widths[::-1], seeds=SPEC.seeds[::-1])

    assert _lines(context, _recorded(database)) == _lines(context, _recorded(database, other))


def test_lines_are_sorted_by_science_metric_and_step(context, database):
    of = spec(widths=(8, 16, 128), seeds=(0, 1, 10, 2))

    keys = [_key(line) for line in _lines(context, _recorded(database, of))]

    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys) == of.num_runs() * (13 + 4 + 4)


def test_a_line_holds_the_exact_value(context, database):
    lines = {_key(line): line.split("\t")[-1] for line in _lines(context, _recorded(database))}

    value = value_of(Metric.TRAIN_LOSS, 0.1, 1, 16, 7)
    assert lines["as_given", "mup", 16, 2, 0.1, 1, "train_loss", 7] == struct.pack("<f", value).hex()
    assert lines["as_given", "mup", 8, 2, 0.2, 1, "train_loss", 7] == "0000c07f"


def test_the_hash_is_that_of_the_lines_and_stays_the_same_over_versions(context, database):
    experiment_id = _recorded(database)
    text = "".join(line + "\n" for line in _lines(context, experiment_id))

    sha256 = export_sha256(context, LOCAL_OWNER, experiment_id)

    assert sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert sha256 == KNOWN_SHA256


def test_an_experiment_without_values_exports_nothing(context, database):
    experiment_id, _ = add_experiment(database)

    assert _lines(context, experiment_id) == []


def test_the_experiment_of_another_owner_is_not_exported(context, database):
    experiment_id, _ = add_experiment(database)

    with pytest.raises(NotFound, match=r"experiment\.not_found"):
        export_sha256(context, "somebody", experiment_id)


def test_components_are_lines_of_their_own_after_the_step(context, database):
    experiment_id, cell_ids = add_experiment(database)
    record_components(database, cell_ids[0], Metric.NTK_EIGENVALUES)

    lines = [line.split("\t")[6:] for line in _lines(context, experiment_id)][:5]

    assert lines == [["ntk_eigenvalues", "0", str(k), struct.pack("<f", k).hex()] for k in range(5)]
