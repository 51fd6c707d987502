from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from muscope import backend, worker
from tests.selection import may_be_wanted

if TYPE_CHECKING:
    from tests.system.instance import Instance

ROOT = Path(__file__).resolve().parent.parent

# Drawn from the test's name, not from chance; a loaded machine must not fail a test.
settings.register_profile("muscope", derandomize=True, deadline=None, max_examples=60, database=None)
settings.load_profile("muscope")


def pytest_configure() -> None:
    """Train on one thread, as the product does, and refuse to test the code of another checkout.

    Two processes of tests with a thread per core each wait for each other's threads at every small product.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is first imported
    for package in (backend, worker):
        found = Path(package.__path__[0]).resolve()
        if found != ROOT / found.name:
            raise pytest.UsageError(f"{package.__name__} is {found}: `make setup-dev` installs this checkout")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the files that have none of the marks that are asked for."""
    is_test = collection_path.suffix == ".py" and collection_path.name.startswith("test_")
    if not is_test or may_be_wanted(collection_path.read_text("utf-8"), config.option.markexpr):
        return None
    return True


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector from what is loaded for the tests: a million objects, none of which goes.

    Walking through them again and again took a third of the time that collecting the tests takes.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Run one stack for all tests of a process that only add to it; its start costs as much as ten tests."""
    from tests.system.instance import running

    # Whatever is cancelled on a busy machine ends at its next window: a new training process takes longer.
    patient = {"MUSCOPE_CANCEL_GRACE_SECONDS": "5"}
    with running(tmp_path_factory.mktemp("shared") / "data", **patient) as started:
        yield started
