"""`muscope check`: exit statuses, and files that must not take the command with them."""

from __future__ import annotations

import json

import pytest

from muscope.backend.cli import main
from tests.worker.brought.toys import GROUPS, NETWORK, write

SMALL = ("--widths", "16,32,64,128", "--lr", "0.004")


def test_a_right_model_is_told_so_with_its_roles(tmp_path, capsys):
    path = write(tmp_path, NETWORK + GROUPS)

    status = main(["check", str(path), *SMALL])

    told = capsys.readouterr().out
    assert status == 0
    assert told.startswith("PASSED.")
    assert "head.weight" in told


def test_a_wrong_model_fails_with_a_sentence_that_names_the_tensor(tmp_path, capsys):
    path = write(tmp_path, NETWORK + GROUPS.replace("model.down.weight, ", ""))

    status = main(["check", str(path), *SMALL])

    told = capsys.readouterr().out
    assert status == 20
    assert "WRONG: down.weight: its learning rate is the same at every width" in told


def test_a_written_recipe_is_read_back(tmp_path, capsys):
    path, recipe = write(tmp_path, NETWORK), tmp_path / "recipe.json"

    assert main(["check", str(path), *SMALL, "--json", "--write-recipe", str(recipe)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert json.loads(recipe.read_text())["tensors"]["head.weight"]["role"] == "output"
    assert main(["check", str(path), *SMALL, "--recipe", str(recipe)]) == 0
    assert report["outcome"] == "passed"


ENDS = {
    "hangs": ("import time\nwhile True:\n    time.sleep(1)", ("--seconds", "6"), "ran longer than 6 seconds"),
    "exits without a word": ("import os\nos._exit(7)", (), "ended without an answer (exit 7)"),
    "kills itself": ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", (), "(SIGSEGV)"),
    "needs too much memory": (
        NETWORK + "\nhoard = torch.empty(1 << 33)",
        ("--memory-mib", "512"),
        "needs more than 512 MiB of memory",
    ),
}


@pytest.mark.parametrize(("text", "options", "told"), ENDS.values(), ids=ENDS)
def test_a_file_that_ends_its_process_is_an_error_of_one_sentence(tmp_path, capsys, text, options, told):
    path = write(tmp_path, text)

    status = main(["check", str(path), *SMALL, *options])

    assert status == 1
    assert told in capsys.readouterr().err


def test_an_error_is_json_for_a_program(tmp_path, capsys):
    status = main(["check", str(tmp_path / "missing.py"), "--json"])

    assert status == 1
    assert json.loads(capsys.readouterr().out)["error"]["params"]["path"].endswith("missing.py")


@pytest.mark.parametrize(
    "options", [("--widths", "a,b"), ("--widths", "16,32"), ("--seeds", "1"), ("--lr", "-1")]
)
def test_an_option_that_cannot_be_is_named(tmp_path, capsys, options):
    status = main(["check", str(write(tmp_path, NETWORK)), *options])

    assert status == 1
    assert options[0].removeprefix("--").split("-")[0] in capsys.readouterr().err
