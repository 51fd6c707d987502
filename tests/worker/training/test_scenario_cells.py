"""Cells of scenarios: the data that they are trained on, and what changes in their values."""

import torch

from muscope.backend.domain.spec.experiment import Arm
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.worker.numerics.program import TrainingData
from muscope.worker.numerics.trainer import Training
from muscope.worker.training import train_cell
from muscope.worker.training.train_cell import train_cell_now
from tests.backend.db.stores import add_experiment, cell_row, take
from tests.backend.domain.specs import SHAPE, spec
from tests.worker.stored_chunks import chunks_of

ARMS = (Arm(parametrization=Parametrization.MUP, lrs=(0.1, 1e4)),)


def _seen_data(stores, plan, monkeypatch):
    """Train every cell of a plan; return the data each was given, by scenario and width."""
    seen: dict[int, TrainingData] = {}

    def note(program, data, saved, family):
        seen[len(seen)] = data
        return Training(program, data, saved, family)

    monkeypatch.setattr(train_cell, "Training", note)
    _, cell_ids = add_experiment(stores.database, plan)
    rows = [cell_row(stores.database, cell_id) for cell_id in cell_ids]
    for cell_id in cell_ids:
        train_cell_now(take(stores.database, cell_id), stores, on_step=lambda _: None)
    return {(row.scenario, row.width): seen[place] for place, row in enumerate(rows)}


def test_a_scenario_has_the_same_data_at_every_width_and_only_its_own_cells_see_them(
    stores, dataset_sha256, monkeypatch
):
    plan = spec(
        dataset_sha256=dataset_sha256,
        arms=ARMS,
        scenarios=("as_given", "subsample:0.5", "momentum:0.9"),
        batch_size=8,
        sharpness_batch_size=16,
    )

    seen = _seen_data(stores, plan, monkeypatch)

    small, large = seen["subsample:0.5", 8], seen["subsample:0.5", 16]
    assert (len(small.x_train), len(small.y_train), len(small.x_val)) == (24, 24, SHAPE.num_val)
    assert torch.equal(small.x_train, large.x_train)
    assert len(seen["as_given", 8].x_train) == SHAPE.num_train
    assert seen["momentum:0.9", 16] is seen["as_given", 8], "the training's scenarios share the data as given"


def test_a_scenario_changes_what_is_measured_and_repeats_it_exactly(stores, dataset_sha256):
    plan = spec(
        dataset_sha256=dataset_sha256, arms=ARMS, widths=(16,), scenarios=("as_given", "label_noise:0.5")
    )
    _, cell_ids = add_experiment(stores.database, plan)
    for cell_id in cell_ids:
        train_cell_now(take(stores.database, cell_id), stores, on_step=lambda _: None)

    given, noisy = (chunks_of(stores, cell_id) for cell_id in cell_ids)
    assert given["val_loss", 0] == noisy["val_loss", 0], "clean, and nothing is learnt yet"
    assert given["train_loss", 0] != noisy["train_loss", 0]
    (_, again) = add_experiment(stores.database, plan)[1]
    train_cell._cached_data.cache_clear()
    train_cell_now(take(stores.database, again), stores, on_step=lambda _: None)
    assert chunks_of(stores, again) == noisy
