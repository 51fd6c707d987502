"""The command `muscope judge`: text in two languages, JSON, the list of next runs, exit statuses."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from muscope.backend import cli
from muscope.backend.sweeps.answers.answer import SweepAnswer
from tests.backend.sweeps.made import Cell, sweep


def written(folder: Path, cells: list[Cell]) -> str:
    path = folder / "sweep.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, cells[0])
        writer.writeheader()
        writer.writerows(cells)
    return str(path)


@pytest.mark.parametrize(
    ("drift", "status"),
    [(0.0, 0), (-0.5, 20), (-1.0, 30)],
)
def test_the_status_is_the_outcome(tmp_path: Path, drift: float, status: int):
    assert cli.main(["judge", written(tmp_path, sweep(drift=drift, noise=0.0005))]) == status


def test_an_open_answer_has_a_status_of_its_own(tmp_path: Path):
    cells = [cell for cell in sweep() if cell["width"] == 128 or cell["lr"] == 2.0**-9]

    assert cli.main(["judge", written(tmp_path, cells)]) == 40


def test_an_error_is_one_sentence_and_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    status = cli.main(["judge", str(tmp_path / "none.csv"), "--language", "en"])

    assert status == 1
    assert capsys.readouterr().err == f"There is no file {tmp_path / 'none.csv'}.\n"


def test_an_error_is_json_where_json_was_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["judge", str(tmp_path / "none.csv"), "--json"]) == 1

    assert json.loads(capsys.readouterr().out)["error"]["code"] == "sweep.no_file"


@pytest.mark.slow
def test_the_command_loads_neither_training_nor_server_libraries(tmp_path: Path):
    heavy = ("torch", "sklearn", "plotly", "sqlalchemy", "fastapi", "celery", "muscope.worker")
    script = (
        "import sys; from muscope.backend import cli; cli.main(sys.argv[1:]); "
        f"sys.exit(any(name in sys.modules for name in {heavy!r}))"
    )
    done = subprocess.run([sys.executable, "-c", script, "judge", written(tmp_path, sweep())], check=False)

    assert done.returncode == 0


def test_the_text_says_the_answer_of_every_axis(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    cli.main(["judge", written(tmp_path, sweep(drift=-1.0)), "--language", "en"])

    said = capsys.readouterr().out
    assert "width: does not transfer" in said
    assert "128 → 1024: does not transfer." in said
    assert "best one -3 octaves away" in said
    assert "moves -1.00 octaves per doubling" in said
    assert "L = 1.6 + A·C^-0.0941" in said


def test_the_text_is_japanese_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    cli.main(["judge", written(tmp_path, sweep(drift=-1.0)), "--language", "ja"])

    assert "幅：使えません" in capsys.readouterr().out


def test_the_json_is_the_whole_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    status = cli.main(["judge", written(tmp_path, sweep()), "--json"])

    answer = SweepAnswer.model_validate(json.loads(capsys.readouterr().out))
    assert answer.exit_code == status == 0
    assert answer.arms[0].axes[0].axis == "width"


def test_the_next_runs_are_a_table_that_a_script_can_read(tmp_path: Path):
    cells = [cell for cell in sweep() if not (cell["width"] == 1024 and cell["lr"] == 2.0**-9)]
    runs = tmp_path / "runs.csv"

    cli.main(["judge", written(tmp_path, cells), "--runs", str(runs)])

    with runs.open() as file:
        first = next(csv.DictReader(file))
    assert first == {
        "width": "1024",
        "lr": "0.001953125",
        "seeds": "1",
        "settles": "1",
        "purpose": "reused",
        "relative_cost": "16",
    }


def test_columns_may_be_named(tmp_path: Path):
    cells = [{"units": cell["width"], "eta": cell["lr"], "score": cell["loss"]} for cell in sweep()]

    assert cli.main(["judge", written(tmp_path, cells)]) == 1
    assert cli.main(["judge", written(tmp_path, cells), "--columns", "width=units,lr=eta,loss=score"]) == 0
