"""Runs read from the real libraries of trackers, judged as the same rows in a file, and told the verdict."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from muscope.backend.cli import main
from muscope.backend.errors import InvalidInput, NotFound, Unavailable
from muscope.backend.ingest.rows.records import columns_of_records
from muscope.backend.sweeps.table import Options, judge_columns
from muscope.backend.sweeps.trackers.sources import tracked_runs
from muscope.backend.sweeps.trackers.tracked import answering, require_store
from tests.backend.sweeps.made import judged, sweep

ROWS = sweep(widths=(128.0, 256.0), lrs=tuple(2.0**octave for octave in range(-11, -6)), drift=-1.0)


def answer_of(source: str, experiment: str | None = None) -> Any:
    return judge_columns(columns_of_records(tracked_runs(source, experiment).records), Options())


def outcomes(answer: Any) -> list[tuple[str, str, list[float | None]]]:
    return [
        (axis.axis, axis.outcome, [pair.measures.cost.value for pair in axis.comparisons])
        for arm in answer.arms
        for axis in arm.axes
    ]


def same(answer: Any) -> bool:
    (axis, outcome, costs), (wanted_axis, wanted, wanted_costs) = *outcomes(answer), *outcomes(judged(ROWS))
    return (axis, outcome) == (wanted_axis, wanted) and costs == pytest.approx(wanted_costs, rel=1e-4)


def test_an_optuna_study_is_judged_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = f"sqlite:///{tmp_path}/study.db"
    study = optuna.create_study(study_name="widths", storage=storage)
    kinds = {
        "width": optuna.distributions.IntDistribution(1, 4096),
        "lr": optuna.distributions.FloatDistribution(1e-6, 1),
    }
    for row in ROWS:
        params = {name: row[name] for name in kinds}
        study.add_trial(optuna.trial.create_trial(params=params, distributions=kinds, value=row["loss"]))

    assert same(answer_of(f"optuna:{storage}"))
    status = main(["judge", "--from", f"optuna:{storage}", "--experiment", "widths", "--write-back"])
    capsys.readouterr()
    told = optuna.load_study(study_name="widths", storage=storage).user_attrs
    assert (status, told["muscope.outcome"]) == (judged(ROWS).exit_code, judged(ROWS).outcome)


def test_an_mlflow_experiment_is_judged_and_told(tmp_path: Path):
    mlflow = pytest.importorskip("mlflow")
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = mlflow.MlflowClient(tracking_uri=uri)
        experiment = client.create_experiment("widths", artifact_location=str(tmp_path))
        for row in ROWS:
            run = client.create_run(experiment).info.run_id
            client.log_param(run, "d_model", row["width"])
            client.log_param(run, "learning_rate", row["lr"])
            client.log_metric(run, "val_loss", row["loss"])
            client.set_terminated(run)
        tracked = tracked_runs(f"mlflow:{uri}", "widths")
        tracked.write_back("does_not_transfer", "words", {"verdict.json": "{}"})
        told = client.get_experiment(experiment).tags
        (kept,) = client.search_runs([experiment], "tags.mlflow.runName = 'muscope-verdict'")
        files = [each.path for each in client.list_artifacts(kept.info.run_id)]
        client.set_experiment_tag(experiment, "mlflow.note.content", "written by a person")
        again = tracked_runs(f"mlflow:{uri}", "widths")
        again.write_back("transfers", "other words")
        later = client.get_experiment(experiment).tags

    assert same(judge_columns(columns_of_records(tracked.records), Options()))
    assert (told["muscope.outcome"], told["muscope.text"]) == ("does_not_transfer", "words")
    assert (told["mlflow.note.content"], files) == ("words", ["verdict.json"])
    assert again.records == tracked.records
    assert (later["muscope.text"], later["mlflow.note.content"]) == ("other words", "written by a person")


def test_a_store_that_is_not_there_is_named_and_not_made(tmp_path: Path):
    for place in (f"sqlite:///{tmp_path}/none.db", f"file://{tmp_path}/none", f"{tmp_path}/none"):
        with pytest.raises(NotFound, match=r"sweep\.no_runs"):
            require_store(place)
    require_store("http://127.0.0.1:9")

    assert list(tmp_path.iterdir()) == []


def test_a_store_that_does_not_answer_is_named_with_the_librarys_reason():
    def ask() -> None:
        with answering("optuna", ConnectionError):
            raise ConnectionError("refused\nand much more")

    with pytest.raises(Unavailable) as refused:
        ask()

    assert refused.value.params == {"kind": "optuna", "reason": "refused"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["mlflow", "optuna"])
def test_a_trackers_database_that_is_away_is_named(kind: str, tmp_path: Path):
    pytest.importorskip(kind)
    place = tmp_path / "store.db"
    place.write_text("no database, but a file of that name")

    with pytest.raises(Unavailable, match=r"sweep\.tracker_away"):
        tracked_runs(f"{kind}:sqlite:///{place}", None)


def test_tensorboard_event_files_are_judged(tmp_path: Path):
    pytest.importorskip("tensorboard")
    writers = pytest.importorskip("tensorboard.summary.writer.event_file_writer")
    plugin = pytest.importorskip("tensorboard.plugins.hparams.summary_v2")
    messages = pytest.importorskip("tensorboard.compat.proto.event_pb2")
    summaries = pytest.importorskip("tensorboard.compat.proto.summary_pb2")

    for number, row in enumerate(ROWS):
        writer = writers.EventFileWriter(str(tmp_path / f"run-{number}"))
        settings = plugin.hparams_pb({"width": row["width"], "lr": row["lr"]})
        writer.add_event(messages.Event(summary=settings, wall_time=1.0))
        for step, loss in enumerate((9.0, row["loss"])):
            scalar = summaries.Summary(value=[summaries.Summary.Value(tag="eval/loss", simple_value=loss)])
            writer.add_event(messages.Event(summary=scalar, step=step, wall_time=1.0))
        writer.close()

    assert same(answer_of(f"tensorboard:{tmp_path}"))
    with pytest.raises(InvalidInput, match=r"sweep\.no_write_back"):
        tracked_runs(f"tensorboard:{tmp_path}", None).write_back("transfers", "words")


def test_runs_of_the_trainer_are_judged_by_their_last_checkpoint(tmp_path: Path):
    for number, row in enumerate(ROWS):
        for step in (10, 20):
            folder = tmp_path / f"run-{number}" / f"checkpoint-{step}"
            folder.mkdir(parents=True)
            (folder / "config.json").write_text(json.dumps({"hidden_size": row["width"]}))
            history = [
                {"learning_rate": row["lr"] / 2, "loss": 9.0, "step": 1},
                {"learning_rate": row["lr"], "loss": 8.0, "step": 2},
                {"eval_loss": row["loss"] + (20 - step), "step": step},
            ]
            state = {"global_step": step, "max_steps": 20, "log_history": history}
            (folder / "trainer_state.json").write_text(json.dumps(state))

    assert same(answer_of(f"trainer:{tmp_path}"))


@pytest.mark.parametrize(
    ("source", "error", "code"),
    [
        ("wandb", InvalidInput, "sweep.unknown_source"),
        ("comet:x", InvalidInput, "sweep.unknown_source"),
        ("trainer:/nowhere", NotFound, "sweep.no_runs"),
        ("tensorboard:/nowhere", NotFound, "sweep.no_runs"),
    ],
)
def test_a_place_without_runs_is_named(source: str, error: type[Exception], code: str):
    with pytest.raises(error) as refused:
        tracked_runs(source, None)

    assert getattr(refused.value, "code") == code  # noqa: B009 (typed as Exception)
