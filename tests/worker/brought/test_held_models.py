"""Models on a machine: found without being run, in the version of their source."""

from __future__ import annotations

from pathlib import Path

import pytest

from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.errors import InvalidInput
from muscope.worker.held_models import held_models
from muscope.worker.numerics.trainer import train
from muscope.worker.training.brought_family import ModelFolder
from tests.worker.brought.test_training import PERCEPTRON
from tests.worker.brought.toys import write
from tests.worker.brought.trained import described, program


def test_a_folder_offers_its_files_and_packages_without_running_them(tmp_path: Path) -> None:
    write(tmp_path, "raise SystemExit", "one.py")
    (tmp_path / "two").mkdir()
    write(tmp_path / "two", "", "__init__.py")
    write(tmp_path, "no model", "notes.txt")
    assert [model.network for model in held_models(tmp_path)] == ["one", "two"]


def test_a_version_changes_with_the_source_and_with_the_roles_beside_it(tmp_path: Path) -> None:
    write(tmp_path, "a = 1", "one.py")
    first = held_models(tmp_path)[0].sha256
    write(tmp_path, "{}", "one.recipe.json")
    second = held_models(tmp_path)[0].sha256
    write(tmp_path, "a = 2", "one.py")
    assert len({first, second, held_models(tmp_path)[0].sha256}) == 3


def test_a_cell_is_refused_by_a_machine_that_holds_another_version(tmp_path: Path) -> None:
    path = write(tmp_path, PERCEPTRON, "own.py")
    found, data = described(path)
    planned = program(found.family, data)
    with pytest.raises(InvalidInput, match=r"brought\.not_held"), ModelFolder(tmp_path).family(planned, data):
        raise AssertionError


def test_a_cell_trains_from_the_folder_under_its_limit(tmp_path: Path) -> None:
    path = write(tmp_path, PERCEPTRON, "own.py")
    found, data = described(path)
    version = held_models(tmp_path)[0].sha256
    family = found.family.model_copy(update={"sha256": version})
    planned = program(family, data, width=16, parametrization=Parametrization.MUP)
    with ModelFolder(tmp_path).family(planned, data) as bound:
        (window,) = train(planned, data, bound)
    losses = window.values[Metric.TRAIN_LOSS]
    assert (losses[-1] < losses[0]).all()
