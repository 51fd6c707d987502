"""The two images: each half without the other's weight, and a compose file that fits them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from muscope.backend.command_line import command_parser
from muscope.backend.settings import Settings
from tests.packaging.sources import SOURCES

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))

SERVICES = COMPOSE["services"]
OURS = ("migrate", "web", "conductor", "worker", "worker-gpu")
EXACT = re.compile(r"[\w./-]+(:\d+\.\d+(\.\d+)?(-[\w-]+)?|@sha256:[0-9a-f]{64})")


def packages_of(dockerfile: str) -> set[str]:
    """Return the direct dependencies an image installs."""
    extras = re.search(r"'\.\[([\w,]+)\]'", (ROOT / dockerfile).read_text(encoding="utf-8"))
    assert extras is not None
    wanted = [*PROJECT["dependencies"], *(part for name in extras[1].split(",") for part in parts_of(name))]
    return {re.split(r"[\[<>=~ ]", requirement)[0] for requirement in wanted}


def parts_of(extra: str) -> list[str]:
    """Return the requirements of an extra, with those of the extras of ours that it names."""
    found: list[str] = []
    for requirement in PROJECT["optional-dependencies"][extra]:
        own = re.fullmatch(r"muscope\[([\w,]+)\]", requirement)
        found += [part for name in own[1].split(",") for part in parts_of(name)] if own else [requirement]
    return found


def test_a_client_alone_installs_nothing_of_a_server():
    names = {re.split(r"[\[<>=~ ]", requirement)[0] for requirement in PROJECT["dependencies"]}

    assert names == {"httpx2", "pyyaml", "shtab", "tqdm"}
    assert {"sqlalchemy", "celery"} <= packages_of("worker/Dockerfile") & packages_of("backend/Dockerfile")


def test_the_backend_image_has_no_torch():
    assert "torch" not in packages_of("backend/Dockerfile")


@pytest.mark.parametrize("dockerfile", ["backend/Dockerfile", "worker/Dockerfile"])
def test_an_image_is_given_all_that_a_wheel_is_made_of(dockerfile):
    lines = re.findall(r"^COPY (.+) \S+$", (ROOT / dockerfile).read_text(encoding="utf-8"), re.MULTILINE)

    assert {name for line in lines for name in line.split()} == {*SOURCES, "constraints.txt"}


def test_nothing_that_an_image_is_given_is_kept_back():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert not {*SOURCES, "constraints.txt"} & set(ignored)


def test_the_worker_image_has_neither_web_framework_nor_plotly():
    assert not packages_of("worker/Dockerfile") & {"fastapi", "uvicorn", "plotly", "scikit-learn", "polars"}


@pytest.mark.parametrize("service", OURS)
def test_every_service_of_ours_finds_database_broker_and_blobs(service):
    definition = SERVICES[service]

    assert definition["environment"].items() >= COMPOSE["x-muscope"]["environment"].items()
    assert {f"MUSCOPE_{name.upper()}" for name in Settings.model_fields} >= set(definition["environment"])


def test_the_web_and_the_workers_share_no_disk():
    def volumes(service: str) -> set[str]:
        return {volume.partition(":")[0] for volume in SERVICES[service].get("volumes", [])}

    assert volumes("web")
    assert volumes("worker")
    assert not volumes("web") & (volumes("worker") | volumes("worker-gpu") | volumes("conductor"))
    assert set(COMPOSE["volumes"]) == set().union(*map(volumes, SERVICES))


def test_an_image_is_named_by_its_exact_version():
    foreign = [service["image"] for service in SERVICES.values() if "image" in service]
    of_ours = [
        image
        for name in ("backend/Dockerfile", "worker/Dockerfile")
        for image in re.findall(r"^FROM (\S+)$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    ]

    assert (len(foreign), len(of_ours)) == (3, 2)
    assert [image for image in (*foreign, *of_ours) if not EXACT.fullmatch(image)] == []


def test_every_service_has_limits_bounded_logs_and_a_way_back():
    for name, service in SERVICES.items():
        limits = service["deploy"]["resources"]["limits"]
        assert limits.keys() == {"cpus", "memory", "pids"}, name
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        assert service["restart"] == ("no" if name == "migrate" else "unless-stopped"), name


def test_every_service_that_stays_is_checked():
    assert [name for name, service in SERVICES.items() if "healthcheck" not in service] == ["migrate"]
    for name, command in (("conductor", "conductor"), ("worker", "worker"), ("worker-gpu", "worker")):
        _, *arguments = SERVICES[name]["healthcheck"]["test"]
        assert arguments[0] == "muscope"
        assert vars(command_parser().parse_args(arguments[1:])) == {"command": "alive", "part": command}


def test_a_secret_comes_from_a_file_and_from_nowhere_else():
    for name, service in SERVICES.items():
        secrets = service.get("secrets", [])
        text = str({key: value for key, value in service.items() if key != "secrets"})
        assert {*re.findall(r"/run/secrets/(\w+)", text)} <= set(secrets), name
        assert "--requirepass" not in text, name
        for variable, value in service.get("environment", {}).items():
            assert not re.search("PASSWORD|SECRET", variable) or value.startswith("/run/secrets/"), name
    assert {name: secret["file"] for name, secret in COMPOSE["secrets"].items()} == {
        name: f"./secrets/{name}" for name in ("postgres_password", "broker_password", "blobs_secret")
    } | {"oidc_client_secret": "${OIDC_CLIENT_SECRET:-/dev/null}"}  # without a provider there is none


def test_a_secret_does_not_get_into_the_repository_or_an_image():
    assert "secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "secrets" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_two_conductors_take_turns():
    assert SERVICES["conductor"]["deploy"]["replicas"] == 2


@pytest.mark.parametrize("service", OURS)
def test_a_service_of_ours_has_no_rights_it_does_not_need(service):
    definition = SERVICES[service]

    assert definition["read_only"] is True
    assert definition["cap_drop"] == ["ALL"]
    assert definition["security_opt"] == ["no-new-privileges:true"]


def test_the_gpu_worker_is_asked_for_and_has_torch_with_cuda_and_every_gpu():
    worker = SERVICES["worker-gpu"]
    (reserved,) = worker["deploy"]["resources"]["reservations"]["devices"]

    assert worker["profiles"] == ["gpu"]
    assert worker["environment"]["MUSCOPE_DEVICES"] == "cuda"
    assert reserved == {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}
    assert list(worker["build"]["args"]) == re.findall(
        r"^ARG (\w+)=", (ROOT / "worker/Dockerfile").read_text(encoding="utf-8"), re.MULTILINE
    )


def test_only_the_page_is_published_and_only_on_loopback():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert list(published) == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in published["web"])
    assert COMPOSE["networks"]["inner"] == {"internal": True}
    assert [name for name, service in SERVICES.items() if "outer" in service["networks"]] == ["web"]
