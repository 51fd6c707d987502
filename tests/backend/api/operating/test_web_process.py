"""The entry of the web process keeps what it has loaded out of later collections, and nothing else."""

import gc

import pytest

from muscope.backend.api import app
from muscope.backend.api.operating.web_process import create_app


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()


def test_the_application_is_loaded_without_the_collector_which_works_afterwards():
    found = create_app()

    assert found.title == "µScope"
    assert gc.isenabled()
    assert gc.get_freeze_count() > 10_000


def test_a_start_that_fails_leaves_the_collector_on(monkeypatch):
    def fail():
        assert not gc.isenabled()
        raise ValueError("unusable settings")

    monkeypatch.setattr(app, "create_app", fail)

    with pytest.raises(ValueError, match="unusable"):
        create_app()
    assert gc.isenabled()
