"""The wheel: what is in it, and that it works where there is no checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import httpx
import pytest

from muscope.backend.api.site.pages import FOLDERS as SERVED
from tests.packaging.sources import FOLDERS, SOURCES
from tests.system.instance import running

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
TINY = {
    "widths": [8, 16],
    "seeds": [0],
    "arms": [{"parametrization": "mup", "lrs": [0.5, 1.0]}],
    "num_steps": 20,
    "measure_every": 10,
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from a copy, as a build in the checkout keeps what was deleted since the last one."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in tracked():
        if name.split("/")[0] in SOURCES:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    build = ("wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", target, source)
    subprocess.run((*pip, *build), check=True)
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of programs of an environment with the wheel, and with what it needs from this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    # A folder named in a path file is searched, but its own path files are not read: not the checkout's.
    here = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "dependencies.pth").write_text("\n".join(here), encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    to = ("--python", folder / "bin" / "python", "install", "--no-deps", "--no-index", "--ignore-installed")
    subprocess.run((*pip, *to, wheel), check=True)
    return folder / "bin"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty working folder, and nothing that leads back to the checkout."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def tracked() -> list[str]:
    """List the files of the repository, those that are not committed yet included."""
    command = ("git", "ls-files", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.splitlines() if (ROOT / name).is_file()]


def is_needed(name: str) -> bool:
    """Tell whether the product reads this file when it runs."""
    folder, *rest = name.split("/")
    if folder == "frontend":
        return name.endswith(".html") or rest[0] in SERVED
    if folder == "alembic":
        return True
    if name.startswith(("backend/report/fonts/", "backend/report/templates/")):
        return True
    if folder == "docs":
        return name.endswith((".md", ".toml", ".svg", "/openapi.json"))
    return folder in FOLDERS and name.endswith((".py", "/calibration.json", "/page.html", ".json.gz"))


def output(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_has_every_file_the_product_reads_and_no_other(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    ours = {name for name in names if ".dist-info/" not in name}

    assert ours == {f"muscope/{name}" for name in tracked() if is_needed(name)}


def test_muscope_is_the_only_name_it_takes(wheel):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"muscope"}


def test_the_code_is_the_wheels_own(installed, elsewhere):
    program = "import muscope.backend, muscope.worker; print(*muscope.__path__, muscope.backend.__file__)"

    found = output(installed / "python", "-c", program).split()

    assert len(found) == 2
    assert all(Path(path).is_relative_to(installed.parent) for path in found)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.usefixtures("elsewhere")
def test_the_command_explains_itself(installed):
    assert "migrate" in output(installed / "muscope", "--help")


@pytest.mark.usefixtures("elsewhere")
def test_a_fresh_database_is_migrated(installed, tmp_path):
    program = (
        "from muscope.backend.db import migrate;"
        "from muscope.backend.db.connection import address, session;"
        "from muscope.backend.settings import get_settings;"
        "url = address.database_address(get_settings());"
        "print(migrate.is_current(session.Database(url, busy_seconds=1)))"
    )
    data = str(tmp_path / "100% new")

    output(installed / "muscope", "migrate", MUSCOPE_DATA=data)

    assert output(installed / "python", "-c", program, MUSCOPE_DATA=data).strip() == "True"


@pytest.mark.system
@pytest.mark.usefixtures("elsewhere")
def test_an_experiment_runs_and_the_page_is_served(installed, tmp_path):
    with running(tmp_path / "data", program=(str(installed / "muscope"),)) as instance:
        dataset = instance.post("/examples/friedman/dataset")
        experiment = instance.post(
            "/experiments", json={"dataset_id": dataset["id"], **TINY}, headers={"Idempotency-Key": "once"}
        )
        finished = instance.finished(experiment["id"], seconds=120)
        pages = ("/", "/static/locales/en.json", "/static/locales/ja.json", "/static/config.json", "/readyz")
        wish = {"format": "pdf", "language": "ja"}
        report = httpx.get(
            f"{instance.url}/api/v1/experiments/{experiment['id']}/report", params=wish, timeout=60
        )
        statuses = {path: httpx.get(f"{instance.url}{path}").status_code for path in pages}

    assert finished["state"] == "completed"
    assert statuses == dict.fromkeys(pages, 200)
    assert report.content.startswith(b"%PDF"), report.text[:200]
