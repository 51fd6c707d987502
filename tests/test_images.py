"""The two images: each half without the other's weight, and a compose file that fits them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from muscope.backend.settings import Settings
from tests.packaging.sources import SOURCES

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


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


def test_the_worker_image_has_neither_web_framework_nor_plotly():
    assert not packages_of("worker/Dockerfile") & {"fastapi", "uvicorn", "plotly", "scikit-learn", "polars"}


@pytest.mark.parametrize("service", ["migrate", "backend", "conductor", "worker", "worker-gpu"])
def test_every_service_of_ours_finds_database_broker_and_data(service):
    definition = COMPOSE["services"][service]

    assert definition["environment"].items() >= COMPOSE["x-muscope"]["environment"].items()
    assert "data:/data" in definition["volumes"]
    assert {f"MUSCOPE_{name.upper()}" for name in Settings.model_fields} >= set(definition["environment"])


def test_the_gpu_worker_is_asked_for_and_has_torch_with_cuda_and_every_gpu():
    worker = COMPOSE["services"]["worker-gpu"]
    (reserved,) = worker["deploy"]["resources"]["reservations"]["devices"]

    assert worker["profiles"] == ["gpu"]
    assert worker["environment"]["MUSCOPE_DEVICES"] == "cuda"
    assert reserved == {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}
    assert list(worker["build"]["args"]) == re.findall(
        r"^ARG (\w+)=", (ROOT / "worker/Dockerfile").read_text(encoding="utf-8"), re.MULTILINE
    )


def test_only_the_page_is_published_and_only_on_loopback():
    published = {
        name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service
    }

    assert list(published) == ["backend"]
    assert all(port.startswith("127.0.0.1:") for port in published["backend"])
