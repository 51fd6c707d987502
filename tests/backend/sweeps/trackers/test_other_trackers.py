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

from muscope.backend.errors import InvalidInput, NotFound
from muscope.backend.sweeps.trackers.sources import tracked_runs
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
    subprocess.run(
        [sys.executable, "-c", WRITERS[kind], str(folder)],
        input=json.dumps(rows),
        text=True,
        check=True,
        capture_output=True,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "TRACKIO_DIR": str(folder)}
        | {"PYTHONPATH": ":".join(filter(None, sys.path))},
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()
    }


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
