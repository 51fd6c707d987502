"""The doctor: every fault is named with what to do, and one fault hides no other."""

from __future__ import annotations

import json
from dataclasses import replace

import httpx2
import pytest

from muscope.backend.catalogue import LANGUAGES
from muscope.backend.cli import main
from muscope.backend.client.replies import Worker
from muscope.backend.commands.doctor.check_result import CheckResult
from muscope.backend.commands.doctor.machine import check_machine
from muscope.backend.commands.doctor.packages import check_packages, check_python
from muscope.backend.commands.doctor.server import check_each_worker, check_server, check_workers
from muscope.backend.db import migrate
from muscope.backend.services.accounts.provider import client
from muscope.backend.services.accounts.provider.client import Provider
from muscope.backend.settings import Settings
from tests.servers.databases import TEMPLATE


def settings_in(folder, **changes) -> Settings:
    return Settings(data=folder, database_url=None, **changes)


def codes(findings) -> dict[str, tuple[str, str]]:
    return {each.check: (each.state, each.code) for each in findings}


def worker(name: str, torch: str) -> Worker:
    environment = {"torch": torch}
    return Worker(
        raw={}, name=name, slots=2, device="cpu", seen_at="2026-11-29T10:00:00Z", environment=environment
    )


def test_a_fresh_machine_is_told_how_to_begin(tmp_path):
    found = codes(check_machine(settings_in(tmp_path / "none")))

    assert found == {
        "data_folder": ("warn", "missing"),
        "database": ("warn", "missing"),
        "broker": ("warn", "stopped"),
    }
    assert not (tmp_path / "none").exists()


def test_a_migrated_database_is_well_and_an_old_one_is_not(tmp_path):
    settings = settings_in(tmp_path)
    migrate.upgrade(settings, "0003")
    old = codes(check_machine(settings))
    migrate.upgrade(settings)
    new = codes(check_machine(settings))

    assert (old["database"], new["database"]) == (("fail", "old"), ("ok", "ok"))
    assert new["data_folder"] == ("ok", "ok")


def test_a_server_that_may_lose_what_it_has_confirmed_is_a_warning(postgres, tmp_path):
    name = postgres.new_database(TEMPLATE)
    address = postgres.url(name).render_as_string(hide_password=False)

    (found,) = (
        each
        for each in check_machine(Settings(data=tmp_path, database_url=address))
        if each.check == "database"
    )

    postgres.drop_database(name)
    assert (found.state, found.code) == ("warn", "unsafe")
    # The tests' own server has all three off.
    assert found.params["names"] == "fsync = off, full_page_writes = off, synchronous_commit = off"


def test_a_broker_that_was_named_and_is_away_is_a_failure(tmp_path):
    found = codes(check_machine(settings_in(tmp_path, broker_url=f"unix://{tmp_path}/none.sock")))

    assert found["broker"] == ("fail", "away")


def test_a_folder_that_takes_no_file_is_a_failure(tmp_path):
    (tmp_path / "scratch").write_text("in the way")

    state, code = codes(check_machine(settings_in(tmp_path)))["data_folder"]

    assert (state, code.startswith("error.storage.")) == ("fail", True)


def test_a_disk_that_is_nearly_full_is_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr("muscope.backend.commands.doctor.machine.free_bytes", lambda _: 1 << 29)

    assert codes(check_machine(settings_in(tmp_path)))["data_folder"] == ("warn", "full")


@pytest.mark.parametrize(
    ("requirement", "version", "is_within"),
    [
        ("numpy>=2.2,<3", "2.2", True),
        ("numpy>=2.2,<3", "2.10.1", True),
        ("numpy>=2.2,<3", "3.0", False),
        ("numpy>=2.2,<3", "2.1.9", False),
        ('torch==2.13.0; extra == "worker"', "2.13.0+cpu", True),
        ('torch==2.13.0; extra == "worker"', "2.12.0", False),
        ('kombu[redis]<5.8,>=5.7; extra == "shared"', "5.7.4", True),
        ("Http_X>=2", "1.9", False),
    ],
)
def test_a_package_outside_its_tested_range_is_named(requirement, version, is_within):
    name = requirement.split(">")[0].split("=")[0].split("[")[0].split("<")[0]
    installed = {name.lower().replace("_", "-"): version}

    found = check_packages([requirement], installed)

    assert (found.state == "ok") == is_within
    assert is_within or version in str(found.params["packages"])


def test_ranges_are_read_as_the_packaging_library_reads_them():
    from importlib import metadata

    from packaging.requirements import Requirement

    for line in metadata.requires("muscope") or ():
        wanted = Requirement(line)
        for version in ("0.28", "2.2", "2.16.2", "2.17.1", "3", "5.7.9", "5.8", "7.0.0", "12.1"):
            found = check_packages([line], {wanted.name.lower().replace("_", "-"): version})
            assert (found.state == "ok") == wanted.specifier.contains(version), f"{line}: {version}"


def test_a_package_of_the_client_that_is_missing_is_named_and_one_of_an_extra_is_not():
    assert "none" in str(check_packages(["httpx2>=2.16"], {}).params["packages"])
    assert check_packages(['torch==2.13.0; extra == "worker"'], {}).state == "ok"


def test_an_old_python_is_a_failure():
    assert check_python((3, 10, 4)).params == {"given": "3.10.4", "oldest": "3.11"}
    assert (check_python((3, 10, 4)).state, check_python((3, 14, 0)).state) == ("fail", "ok")


def test_a_server_without_its_broker_says_so_in_its_own_words(url):
    (found,) = check_server(url, None, "en", is_needed=True)

    assert (found.state, found.code) == ("fail", "fault")
    assert "broker" in found.sentence("en")


@pytest.mark.parametrize(("is_needed", "state"), [(True, "fail"), (False, "warn")])
def test_no_server_is_a_failure_only_where_one_was_named(is_needed, state):
    (found,) = check_server("http://127.0.0.1:9", None, "en", is_needed=is_needed)

    assert (found.state, found.code) == (state, "away")


def test_workers_are_counted_and_their_versions_compared():
    same, other = (
        [worker("a", "2.13.0"), worker("b", "2.13.0")],
        [worker("a", "2.13.0"), worker("b", "2.12.1")],
    )

    assert check_workers([]).state == "fail"
    assert check_workers(same).params == {"count": 2, "slots": 4}
    assert check_workers(other).params == {"versions": "2.12.1, 2.13.0"}


def test_workers_that_take_no_cells_or_are_of_another_version_are_named():
    unfit = replace(worker("cpu@bad", "2.13.0"), fault="train_loss 2 != 1")
    old = replace(worker("cpu@old", "2.13.0"), is_other_version=True, version="0.0.1")

    found = list(check_each_worker([worker("cpu@good", "2.13.0"), unfit, old]))

    assert [(each.state, each.code) for each in found] == [("fail", "unfit"), ("warn", "other_version")]
    for each, name, detail in zip(found, ("cpu@bad", "cpu@old"), ("loss 2", "0.0.1"), strict=True):
        for language in LANGUAGES:
            assert name in each.sentence(language)
            assert detail in each.sentence(language)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({}, ("ok", "ok")),
        ({"issuer": "https://other.example"}, ("fail", "error.provider.issuer_differs")),
        ({"jwks_uri": "http://id.example/keys"}, ("fail", "error.provider.unusable")),
        (None, ("fail", "error.provider.unreachable")),
    ],
)
def test_the_discovery_document_of_the_provider_is_looked_at(tmp_path, monkeypatch, answer, expected):
    issuer = "https://id.example"
    published = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/keys",
    }

    def respond(request):
        assert str(request.url) == f"{issuer}/.well-known/openid-configuration"
        return httpx2.Response(503) if answer is None else httpx2.Response(200, json=published | answer)

    monkeypatch.setattr(
        client, "open_provider", lambda given: Provider(given, issuer, httpx2.MockTransport(respond))
    )
    settings = settings_in(tmp_path, oidc_issuer=issuer, oidc_client_id="muscope")

    assert codes(check_machine(settings))["provider"] == expected


def test_a_failure_is_the_exit_status_and_every_line_has_a_sentence(url, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")

    assert main(["doctor", "--server", url, "--json"]) == 1
    lines = json.loads(capsys.readouterr().out)
    assert [line["check"] for line in lines] == ["python", "packages", "server"]
    assert {line["state"] for line in lines} == {"ok", "fail"}
    assert main(["doctor", "--server", url]) == 1
    assert "サーバー" in capsys.readouterr().out


def test_every_sentence_of_the_doctor_is_used():
    """A finding whose text is missing would end the doctor; one that is never found is dead."""
    from muscope.backend.catalogue import catalogue
    from tests.test_locales import ROOT

    sources = "".join(
        path.read_text("utf-8") for path in (ROOT / "backend" / "commands" / "doctor").glob("*.py")
    )
    for language in LANGUAGES:
        for key in (key for key in catalogue(language) if key.startswith("doctor.")):
            check, _, code = key.removeprefix("doctor.").partition(".")
            assert f'"{check}"' in sources
            assert code in {"", "ok"} or f'"{code}"' in sources


def test_settings_that_cannot_be_read_are_named(monkeypatch):
    from muscope.backend.commands.doctor.examine import examine
    from muscope.backend.settings import get_settings

    monkeypatch.setenv("MUSCOPE_LEASE_SECONDS", "1")
    get_settings.cache_clear()

    found = {each.check: each for each in examine(None, None, "en")}
    get_settings.cache_clear()

    assert isinstance(found["settings"], CheckResult)
    assert "lease_seconds" in found["settings"].sentence("en")
