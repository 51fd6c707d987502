"""Datasets, completion, help, and how fast and by what the command starts."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from muscope.backend.catalogue import LANGUAGES
from muscope.backend.cli import main
from muscope.backend.client import result
from muscope.backend.command_line import command_parser
from muscope.backend.commands.output import print_table
from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.grammar.asking import CLIENT_COMMANDS, EXIT_STATUS

COMMANDS = ["run", "serve", "conductor", "worker", "migrate", "version", *sorted(CLIENT_COMMANDS)]
# What takes longer to import than the whole command may take to answer.
HEAVY = ("pydantic", "httpx2", "sqlalchemy", "celery", "numpy", "tqdm", "mcp", "yaml", "shtab", "asyncio")


def test_a_dataset_is_stored_listed_and_deleted(typed, told, tmp_path):
    path = tmp_path / "squares.csv"
    path.write_text("a,b\n" + "".join(f"{i},{i * i % 7}\n" for i in range(60)))

    stored = typed("datasets", "upload", str(path), "--label", "b")[1].strip()

    assert stored in typed("datasets", "list")[1]
    assert stored in {each["id"] for each in told("datasets", "list")}
    assert told("datasets", "upload", str(path), "--label", "b")["id"] == stored
    assert told("datasets", "delete", stored) == {"id": stored}
    assert stored not in typed("datasets", "list")[1]


def test_a_server_that_is_away_is_one_sentence(monkeypatch, capsys):
    from muscope.backend.client import Client
    from muscope.backend.errors import Unavailable

    def away(*_: object, **__: object) -> None:
        raise Unavailable("client.unreachable", server="http://away.example", reason="refused")

    monkeypatch.setattr(Client, "list_datasets", away)

    assert main(["datasets", "list"]) == 1
    captured = capsys.readouterr()
    assert (captured.out, len(captured.err.splitlines())) == ("", 1)
    assert "http://away.example" in captured.err


def test_an_option_goes_before_a_variable(typed, url, monkeypatch):
    monkeypatch.setenv("MUSCOPE_SERVER", "http://127.0.0.1:1")

    assert typed("status", "--server", url)[0] == 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_in_both_languages(command, language, capsys):
    with pytest.raises(SystemExit) as ended:
        command_parser(language).parse_args([command, "--help"])

    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert ("使い方" in said) == (language == "ja")
    assert f"muscope {command}" in said


def test_an_option_is_never_guessed_from_its_beginning(capsys):
    with pytest.raises(SystemExit):
        command_parser().parse_args(["wait", "x", "--time", "3"])
    assert "--time" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["muscope", "wa"], {"wait"}),
        (["muscope", "wait", "--re"], {"--require"}),
        (["muscope", "d"], {"datasets", "doctor"}),
    ],
)
def test_bash_completes_commands_and_options(words, expected):
    script = subprocess.run(
        (sys.executable, "-m", "muscope.backend.cli", "completion", "bash"),
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    ask = f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; "
    ask += '_shtab_muscope; printf "%s\\n" "${COMPREPLY[@]}"'

    found = subprocess.run(("bash", "-c", f"{script}\n{ask}"), check=True, capture_output=True, text=True)

    assert set(found.stdout.split()) == expected


def test_zsh_gets_a_script_too(typed):
    assert typed("completion", "zsh")[1].startswith("#compdef muscope")


def test_help_loads_nothing_that_takes_long():
    program = (
        "import sys, runpy; sys.argv = ['muscope', '--help']\n"
        "try: runpy.run_module('muscope.backend.cli', run_name='__main__')\n"
        "except SystemExit: print('loaded:', *sorted(set(sys.modules)), file=sys.stderr)"
    )

    done = subprocess.run((sys.executable, "-c", program), check=True, capture_output=True, text=True)

    assert set(done.stderr.partition("loaded:")[2].split()) & set(HEAVY) == set()


def test_japanese_cells_stand_in_columns(capsys):
    print_table([("売上", "a"), ("x", "b")])

    assert capsys.readouterr().out == "売上  a\nx     b\n"


def test_a_missing_package_is_named_with_the_extra_that_brings_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "muscope.backend.settings", None)
    monkeypatch.setitem(sys.modules, "pydantic", None)

    assert main(["serve"]) == 2
    assert "muscope[backend" in capsys.readouterr().err


def test_json_is_one_value(told):
    assert isinstance(json.loads(json.dumps(told("datasets", "list"))), list)


def test_an_error_for_a_program_is_json_with_its_code(url, capsys):
    assert main(["status", "no-such-id", "--server", url, "--json"]) == 1

    captured = capsys.readouterr()
    error = json.loads(captured.out)["error"]
    assert error["code"] == "validation"
    assert error["message"] == captured.err.rstrip("\n")


def test_a_reader_who_stops_waiting_gets_no_traceback(monkeypatch, capsys):
    from muscope.backend.client import Client

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Client, "wait", interrupted)

    assert main(["wait", "x"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_every_outcome_has_an_exit_status_and_a_colour():
    assert list(EXIT_STATUS) == [str(outcome) for outcome in Outcome]
    assert set(result._COLOURS) == set(EXIT_STATUS)
    assert sorted(EXIT_STATUS.values()) == list(EXIT_STATUS.values())
