"""Real tables: what the product's own ingest makes of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from muscope.backend.domain.spec.dataset import Task
from studies.cells import jobs
from studies.cells.datasets import dataset, identity
from studies.cells.tables import TABLES, prepare
from tests.cases import PROGRAM

# Above it a column says what the label is: it was computed from it, or the label from the column.
_NEARLY_ONE = 0.995


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_is_read_as_an_uploaded_file_and_no_column_gives_the_label_away(name):
    table, data = TABLES[name], dataset(name)
    labels = torch.nn.functional.one_hot(data.y_train) if table.task is Task.CLASSIFICATION else data.y_train
    columns = torch.cat([data.x_train, labels.reshape(len(labels), -1)], dim=1).numpy()
    varying = columns.std(axis=0) > 0
    num_features = varying[: data.x_train.shape[1]].sum()
    correlations = np.abs(np.corrcoef(columns[:, varying].T))[:num_features, num_features:]

    assert len(table.load()) == table.num_rows
    assert data.task is table.task
    assert np.isfinite(columns).all()
    assert correlations.max() < _NEARLY_ONE


def test_there_are_twelve_tables_of_five_hundred_rows_or_more_and_both_kinds_of_label():
    large = [table for table in TABLES.values() if table.num_rows >= 500]

    assert len(large) >= 12
    assert {table.task for table in large} == {Task.CLASSIFICATION, Task.REGRESSION}


def test_the_label_named_is_the_one_that_is_learned_and_no_feature():
    profile = prepare("weather").manifest.profile

    assert [column.name for column in profile.columns if column.is_label] == ["weather"]
    assert not profile.is_label_guessed
    assert not profile.is_task_guessed


def test_a_kept_result_of_a_table_belongs_to_its_content_and_of_an_example_to_its_name(monkeypatch):
    job = jobs.Job("weather", PROGRAM)
    before = job.key()
    monkeypatch.setattr(jobs, "identity", lambda name: f"{name}:another edition")

    assert identity("digits") == "digits"
    assert identity("weather").startswith("weather:")
    assert job.key() != before
