"""What an operator may set, and how it is read."""

from __future__ import annotations

import pytest

from muscope.backend.errors import InvalidInput
from muscope.backend.settings import Settings


def test_several_hosts_are_given_with_commas(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MUSCOPE_ALLOWED_HOSTS", "muscope.example, 10.0.0.7")

    assert Settings().allowed_hosts == ("muscope.example", "10.0.0.7")


def test_the_port_has_the_name_every_platform_uses(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PORT", "8123")

    assert Settings().port == 8123


def test_a_worker_gives_up_before_its_lease_ends():
    settings = Settings()

    assert settings.heartbeat_seconds < settings.heartbeat_give_up_seconds < settings.lease_seconds


def test_the_brokers_socket_fits_the_kernels_limit(tmp_path):
    deep = tmp_path.joinpath(*["a-rather-long-folder-name"] * 20)

    assert len(str(Settings(data=deep).broker_socket)) < 108


def test_a_lease_that_ends_before_the_worker_gives_up_is_refused():
    with pytest.raises(ValueError, match=r"lease_seconds: expected more than .* = 22, given 21"):
        Settings(lease_seconds=21)


def test_an_empty_variable_means_the_default(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("MUSCOPE_DATA", "")

    assert Settings().port == 8000
    assert Settings().data_folder.name == "data"


def test_a_secret_is_read_from_its_file_without_the_end_of_its_line(tmp_path):
    file = tmp_path / "secret"
    file.write_text("p@ss word\n", encoding="utf-8")

    assert Settings(broker_password_file=file).secret("broker_password") == "p@ss word"
    assert Settings(broker_password="from a variable").secret("broker_password") == "from a variable"
    assert Settings().secret("broker_password") is None


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_secret_file_without_a_secret_is_named(tmp_path, content):
    file = tmp_path / "secret"
    if content is not None:
        file.write_text(content, encoding="utf-8")

    with pytest.raises(InvalidInput, match=r"MUSCOPE_BLOBS_SECRET_FILE.*secret"):
        Settings(blobs_secret_file=file).secret("blobs_secret")


def test_a_secret_given_twice_is_refused(tmp_path):
    with pytest.raises(ValueError, match="expected the secret or its file, given both"):
        Settings(database_password="a", database_password_file=tmp_path / "b")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://broker:6379/0", "redis://:p%40ss%2Fw@broker:6379/0"),
        ("rediss://muscope@broker/0", "rediss://muscope:p%40ss%2Fw@broker/0"),
        ("redis://muscope:old@broker/0", "redis://muscope:p%40ss%2Fw@broker/0"),
    ],
)
def test_the_brokers_password_is_put_into_its_address(url, expected):
    settings = Settings(broker_url=url, broker_password="p@ss/w")

    assert settings.resolved_broker_url == expected
    assert "p@ss/w" not in repr(settings)
