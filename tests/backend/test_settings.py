"""What an operator may set, and how it is read."""

from __future__ import annotations

import pytest

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
