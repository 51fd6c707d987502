"""Runs that W&B, trackio and Aim have written themselves, judged as the same rows in a file; read only."""

from __future__ import annotations

import json
import math
import sqlite3
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from muscope.backend.cli import main
from muscope.backend.errors import InvalidInput, NotFound, Unavailable
from muscope.backend.sweeps.trackers.sources import tracked_runs
from muscope.backend.sweeps.trackers.verdict_run import writing_run
from muscope.backend.sweeps.trackers.wandb_frames import frames
from tests.backend.sweeps.trackers.test_trackers import ROWS, answer_of, same

# Each library writes in a process of its own, since it starts services and threads and sets signals.
WRITERS = {
    "wandb": """
import json, sys, wandb
quiet = {"x_disable_stats": True, "console": "off", "silent": True}
settings = wandb.Settings(mode="offline", root_dir=sys.argv[1], **quiet)
for row in json.load(sys.stdin):
    with wandb.init(project="widths", settings=settings) as run:
        run.config.update({"model": {"width": row["width"]}, "lr": row["lr"], "text": "x" * 70_000})
        for loss in (9.0, row["loss"]):
            run.log({"val/loss": loss})
        if row["lr"] < 0.001:
            run.summary["best"] = {"step": 1}
""",
    "trackio": """
import json, sys, trackio
for number, row in enumerate(json.load(sys.stdin)):
    config = {"model": {"width": row["width"]}, "lr": row["lr"]}
    trackio.init(project="widths", name=f"run {number}", config=config, embed=False)
    for loss in (9.0, row["loss"]):
        trackio.log({"val/loss": loss})
    trackio.finish()
""",
    "aim": """
import json, sys, aim
for row in json.load(sys.stdin):
    quiet = {"system_tracking_interval": None, "log_system_params": False, "capture_terminal_logs": False}
    run = aim.Run(repo=sys.argv[1], experiment="widths", **quiet)
    run["hparams"] = {"model": {"width": row["width"]}, "lr": row["lr"]}
    for step, loss in enumerate((9.0, row["loss"])):
        run.track(loss, name="loss", step=step, context={"subset": "val"})
    run.close()
""",
}


def written(kind: str, folder: Path, rows: list[dict[str, Any]]) -> None:
    if find_spec(kind) is None:
        pytest.skip(f"{kind} is not installed")
    run_with(WRITERS[kind], folder, json.dumps(rows))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()
    }


# What a tracker's own library says of the verdict's run: its tags or settings, its text, names of its files.
READERS = {
    "wandb": """
import glob, json, sys
from wandb.proto.wandb_internal_pb2 import Record
from muscope.backend.sweeps.trackers.verdict_run import writing_run
from muscope.backend.sweeps.trackers.wandb_frames import frames
for path in glob.glob(sys.argv[1] + "/wandb/offline-run-*/*.wandb"):
    records = [Record.FromString(frame) for frame in frames(open(path, "rb").read())]
    run = next(each.run for each in records if each.HasField("run"))
    if run.job_type:
        kept = [each.artifact for each in records if each.HasField("artifact")]
        kept += [each.request.log_artifact.artifact for each in records if each.HasField("request")]
        files = [entry.path for artifact in kept for entry in artifact.manifest.contents]
        print(json.dumps([sorted(run.tags), run.notes, sorted(set(files))]))
""",
    "trackio": """
import json, sqlite3, sys
connection = sqlite3.connect(sys.argv[1] + "/widths.db")
(row,) = connection.execute("SELECT config FROM configs WHERE run_name = 'muscope-verdict'")
found = json.loads(row[0])
(row,) = connection.execute("SELECT manifest FROM artifact_versions")
files = sorted(entry["path"] for entry in json.loads(row[0]))
print(json.dumps([["muscope", found["muscope.outcome"]], found["muscope.text"], files]))
""",
    "aim": """
import json, sys, aim
repo = aim.Repo(sys.argv[1])
for name in repo.list_all_runs():
    tree = repo.request_tree("meta", name, read_only=True, skip_read_optimization=True)
    kept = tree.subtree("meta").subtree("chunks").subtree(name).collect()
    if "artifacts" in kept:
        run = aim.Run(name, repo=sys.argv[1], read_only=True)
        print(json.dumps([sorted(run.tags), run.description, sorted(kept["artifacts"])]))
""",
}


def run_with(program: str, folder: Path, given: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        input=given,
        text=True,
        check=True,
        capture_output=True,
        cwd=folder,
        env=environment_of(folder),
    )
    return done.stdout


def environment_of(folder: Path) -> dict[str, str]:
    own = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TRACKIO_DIR": str(folder)}
    return own | {"PYTHONPATH": ":".join(filter(None, sys.path))}


# Importing Aim gives warnings of its own dependencies.
@pytest.mark.filterwarnings("default")
@pytest.mark.slow
@pytest.mark.parametrize("kind", WRITERS)
def test_runs_are_judged_as_their_tracker_has_written_them(kind: str, tmp_path: Path):
    written(kind, tmp_path, ROWS)
    before = contents(tmp_path)

    assert same(answer_of(f"{kind}:{tmp_path}"))
    assert contents(tmp_path) == before
    with pytest.raises(InvalidInput, match=r"sweep\.which_experiment"):
        tracked_runs(f"{kind}:{tmp_path}", "depths")


@pytest.mark.filterwarnings("default")
@pytest.mark.slow
@pytest.mark.parametrize("kind", WRITERS)
def test_a_verdict_goes_back_as_a_run_of_its_own(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    written(kind, tmp_path, ROWS[:2] + ROWS[-2:])
    for name, value in environment_of(tmp_path).items():
        monkeypatch.setenv(name, value)
    before = [dict(record) for record in tracked_runs(f"{kind}:{tmp_path}", None).records]

    status = main(["judge", "--from", f"{kind}:{tmp_path}", "--write-back", "--json"])

    answer = json.loads(capsys.readouterr().out)
    lines = [line for line in run_with(READERS[kind], tmp_path).splitlines() if line[:1] == "["]
    (tags, text, files) = json.loads(*lines)
    assert status == answer["exit_code"]
    assert [dict(record) for record in tracked_runs(f"{kind}:{tmp_path}", None).records] == before
    assert set(tags) == {"muscope", answer["outcome"]}
    assert "128" in text
    assert files == ["next-runs.csv", "verdict.json"]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("kind", WRITERS)
def test_a_folder_without_runs_is_named(kind: str, tmp_path: Path):
    if kind != "trackio" and find_spec(kind) is None:
        pytest.skip(f"{kind} is not installed")
    with pytest.raises(NotFound, match=r"sweep\.no_runs"):
        tracked_runs(f"{kind}:{tmp_path}", None)


def framed(records: list[bytes]) -> bytes:
    """Return records framed by LevelDB's description of its log, written anew for this test."""
    from zlib import crc32

    data = b":W&B\xe1\xbe\x00"
    for record in records:
        rest, is_first = record, True
        while is_first or rest:
            room = 32_768 - len(data) % 32_768
            if room < 7:
                data += bytes(room)
                continue
            piece, rest = rest[: room - 7], rest[room - 7 :]
            kind = bytes(
                [{(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[is_first, not rest]]
            )
            data += (
                crc32(kind + piece).to_bytes(4, "little") + len(piece).to_bytes(2, "little") + kind + piece
            )
            is_first = False
    return data


@pytest.mark.parametrize("length", [0, 1, 32_747, 32_748, 32_754, 32_755, 100_000])
def test_records_of_any_length_are_read_across_blocks(length: int):
    records = [b"a" * length, b"b" * 50, b"c" * length]

    assert list(frames(framed(records))) == records


def test_a_run_that_was_cut_off_ends_with_its_last_whole_record():
    data = framed([b"first", b"second" * 9])

    assert list(frames(data[:-10])) == [b"first"]


def test_a_damaged_record_is_not_read_past():
    data = bytearray(framed([b"first", b"second"]))
    data[-1] ^= 1

    with pytest.raises(ValueError, match="damaged"):
        list(frames(bytes(data)))
    with pytest.raises(ValueError, match="header"):
        list(frames(b"width,lr,loss"))


def test_trackios_numbers_that_json_lacks_are_read(tmp_path: Path):
    connection = sqlite3.connect(tmp_path / "widths.db")
    connection.execute("CREATE TABLE configs (id INTEGER PRIMARY KEY, run_id, config)")
    connection.execute("CREATE TABLE metrics (id INTEGER PRIMARY KEY, run_id, run_name, step, metrics)")
    connection.execute("INSERT INTO configs VALUES (1, 'a', ?)", ('{"lr": 0.1, "_Created": "today"}',))
    logged = ('{"loss": 2.0, "acc": "-Infinity"}', '{"loss": "NaN"}')
    connection.executemany(
        "INSERT INTO metrics VALUES (?, 'a', 'one', ?, ?)", [(1, 0, logged[0]), (2, 1, logged[1])]
    )
    connection.commit()
    connection.close()

    (record,) = tracked_runs(f"trackio:{tmp_path}", None).records

    assert (record["name"], record["lr"], record["step"], record["acc"]) == ("one", 0.1, 1, -math.inf)
    assert math.isnan(record["loss"])
    assert "_Created" not in record


def test_a_damaged_file_of_trackio_is_named(tmp_path: Path):
    (tmp_path / "widths.db").write_bytes(b"no database" * 100)

    with pytest.raises(InvalidInput, match=r"sweep\.unreadable_run"):
        tracked_runs(f"trackio:{tmp_path}", None)


def test_a_library_that_cannot_write_is_named_with_its_last_words(tmp_path: Path):
    """Written by a tracker that no process knows, which fails as a missing library does."""
    with pytest.raises(Unavailable) as refused:
        writing_run("nothing", str(tmp_path), "widths")("transfers", "words", {})

    assert refused.value.params["kind"] == "nothing"
    assert "nothing" in str(refused.value.params["reason"])


def test_a_file_cannot_be_told_and_says_so_before_it_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "sweep.csv"
    path.write_text("width,lr,loss\n128,0.1,3\n256,0.1,2\n")

    status = main(["judge", str(path), "--write-back", "--language", "en"])

    told = capsys.readouterr()
    assert (status, told.out, "--write-back" in told.err) == (1, "", True)
