import pytest

from muscope.backend.services.context import Context
from muscope.backend.settings import Settings
from muscope.backend.storage.blobs.folder import BlobStore
from tests.backend.db.stores import NOW
from tests.backend.services.fakes import FakeBell, FakeClock, FakeNotices


@pytest.fixture
def bell():
    return FakeBell()


@pytest.fixture
def notices():
    return FakeNotices()


@pytest.fixture
def clock():
    return FakeClock(NOW)


@pytest.fixture
def context(database, bell, notices, clock, tmp_path):
    settings = Settings(data=tmp_path, worker_slots=2)
    return Context(settings, database, BlobStore(settings.blob_folder), bell, notices, clock)
