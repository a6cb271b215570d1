"""Commands that are killed: their inputs, and what of their results must not differ by a byte."""

import contextlib
import csv
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState
from PIL import Image

from bandbench.benchmark.cli.requests.study import RunRequest
from conftest import noise_picture
from survival.world import World, contents
from trees.small_clips import REFERENCE, write_clips

STUDY = """\
name: small
detectors: [spectral_svm, dct_ridge]
train: [mine]
test: [mine]
seeds: 2
crop: {side: 64}
sweep: {width: 0.06, step: 0.06}
search: {trials: 4}
bootstrap: 200
controls: false
"""
OF_A_RECORDING = ("fit_seconds", "ms_per_picture", "score_ms", "finished", "run_id")
N_PICTURES = 20  # of each class


@dataclass(frozen=True)
class Victim:
    """
    A command with inputs.

    Attributes
    ----------
    name : str
        For the table.
    arguments : callable
        Of a world with inputs; the command.
    outcome : callable
        Digests by name of all that must be the same, however often the command was killed before it came to its end.
    before : tuple of callables
        Commands that prepare the world and are not killed.
    codes : tuple of int
        Exit codes of a run that came to its end.
    done : callable
        True for a world in which the command has nothing to do any more, and says so with an error.
    after : tuple of callables
        Commands that follow its end, before its outcome is looked at.
    """

    name: str
    arguments: Callable[[World], tuple[object, ...]]
    outcome: Callable[[World], Mapping[str, object]]
    before: tuple[Callable[[World], tuple[object, ...]], ...] = ()
    codes: tuple[int, ...] = (0,)
    after: tuple[Callable[[World], tuple[object, ...]], ...] = ()
    done: Callable[[World], bool] = lambda world: False


def write_inputs(folder: Path) -> None:
    """Write the pictures, clips and the study file that all victims share."""
    for label, boost in (("real", 1.0), ("fake", 1.6)):
        (folder / "pictures" / label).mkdir(parents=True)
        for i in range(N_PICTURES):
            picture = noise_picture(i + (1000 if label == "fake" else 0), 64, boost)
            Image.fromarray(picture).save(folder / "pictures" / label / f"{label}{chr(97 + i % 26)}{i:03d}.png")
    (folder / "study.yaml").write_text(STUDY)
    (folder / "strangers").mkdir()
    rng = np.random.default_rng(0)
    for i in range(60):
        Image.fromarray(rng.integers(0, 256, (80, 80), dtype=np.uint8)).save(folder / "strangers" / f"p{i:03d}.png")
    write_clips(folder / "clips")


class Victims:
    """
    All victims, on the same inputs.

    Parameters
    ----------
    inputs : Path
        Of `write_inputs`.
    """

    def __init__(self, inputs: Path) -> None:
        self._inputs = inputs

    def study(self, jobs: int) -> Victim:
        """A study with MLflow and searches."""
        return Victim(f"study, {_workers(jobs)}", lambda world: self._run(jobs), _of_study)

    def named_study(self, name: str) -> Victim:
        """A study under a name of its own."""
        return Victim(name, lambda world: (*self._run(1), "--name", name), _of_study)

    def preparation(self, jobs: int) -> Victim:
        """A preparation of clips, frames and stills, with a search for faces."""

        def arguments(world: World) -> tuple[object, ...]:
            options = ("--out", world.out / "faces", "--jobs", jobs, "--faces", "haar")
            return "data", "prepare", REFERENCE, "--root", self._inputs / "clips", *options

        return Victim(
            f"preparation, {_workers(jobs)}", arguments, lambda world: contents(world.out / "faces", "crops/**/*.png")
        )

    def training(self, jobs: int) -> Victim:
        """A training of a model that is kept."""
        return Victim(
            f"training, {_workers(jobs)}",
            lambda world: ("train", "spectral_svm", *self._data, "--crop", 64, "--out", world.out / "model", "--jobs", jobs),
            # MLflow's description has the time of the training.
            lambda world: contents(world.out / "model", "**/*", without=["MLmodel"]),
            done=lambda world: (world.out / "model").is_dir(),
        )

    def scan(self) -> Victim:
        """A scan of strangers with a model, into a CSV file."""

        def arguments(world: World) -> tuple[object, ...]:
            return "scan", world.out / "model", self._inputs / "strangers", "--csv", world.out / "verdicts.csv"

        return Victim("scan --csv", arguments, lambda world: contents(world.out, "verdicts.csv"), (self.training(1).arguments,))

    def sync(self) -> Victim:
        """The sending of results that waited for a tracking store."""

        def arguments(world: World) -> tuple[object, ...]:
            if (late := world.out / "late").is_file():
                late.unlink()
                late.mkdir()
            return ("sync",)

        return Victim("sync", arguments, lambda world: _runs(world.out / "late" / "mlflow.db"), (self._away,))

    def leaderboard(self) -> Victim:
        """A board of recorded results, as CSV and as a page."""

        def arguments(world: World) -> tuple[object, ...]:
            return "leaderboard", "--csv", world.out / "board.csv", "--html", world.out / "board.html"

        return Victim("leaderboard", arguments, lambda world: _board(world.out / "board.csv"), (lambda world: self._run(1),))

    def all(self) -> list[Victim]:
        """Every victim; studies, preparations and trainings with one and two workers."""
        several = [make(jobs) for jobs in (2, 1) for make in (self.study, self.training, self.preparation)]
        shards = [self.shard()] if "shard" in RunRequest.__dataclass_fields__ else []
        return [self.scan(), *several, *shards, self.sync(), self.leaderboard()]

    def shard(self) -> Victim:
        """A shard of a study, after the other one; a plain run then assembles the study."""
        return Victim(
            "shard 1 of 2",
            lambda world: (*self._run(1), "--shard", "1/2"),
            _of_study,
            before=(lambda world: (*self._run(1), "--shard", "0/2"),),
            after=(lambda world: self._run(1),),
        )

    @property
    def _data(self) -> tuple[object, ...]:
        return "--train", "mine", "--data", f"mine={self._inputs / 'pictures'}"

    def _run(self, jobs: int) -> tuple[object, ...]:
        data = ("--data", f"mine={self._inputs / 'pictures'}")
        return "run", "--study", self._inputs / "study.yaml", *data, "--jobs", jobs

    def _away(self, world: World) -> tuple[object, ...]:
        """A run whose store cannot be made: its folder is a file until the run is over."""
        (world.out / "late").touch()
        return (*self._run(1), "--tracking-uri", f"sqlite:///{world.out / 'late' / 'mlflow.db'}")


def _workers(jobs: int) -> str:
    return f"{jobs} worker{'s' * (jobs > 1)}"


def _of_study(world: World) -> Mapping[str, object]:
    records = contents(world.home, "records/*/*.parquet")
    scores = contents(world.home, "cells/*/scores/*")
    return {**records, **scores, **_searches(world.home / "optuna.journal"), **_runs(world.home / "mlflow.db")}


def _board(path: Path) -> Mapping[str, object]:
    """Rows of a board without what a second recording of the same study has of its own: costs, times, ids of runs."""
    with path.open(newline="") as file:
        return {"rows": [{name: row[name] for name in row if name not in OF_A_RECORDING} for row in csv.DictReader(file)]}


def _runs(path: Path) -> Mapping[str, object]:
    """Keys of the finished runs of an MLflow database, each once, and the AUCs that they recorded."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        keys = database.execute(
            "SELECT t.value, r.status FROM tags t JOIN runs r USING (run_uuid) "
            "WHERE t.key = 'bandbench.key' AND r.lifecycle_stage = 'active'"
        ).fetchall()
        metrics = database.execute(
            "SELECT t.value, m.key, m.value FROM latest_metrics m JOIN tags t USING (run_uuid) "
            "WHERE t.key = 'bandbench.key' AND m.key LIKE '%auc%'"
        ).fetchall()
    assert len({key for key, _ in keys}) == len(keys), "a run is there twice"
    return {"runs": sorted(keys), "aucs": sorted(metrics)}


def _searches(journal: Path) -> Mapping[str, object]:
    """Bands that every search has tried to the end, in their order; failed trials are those of killed commands."""
    storage = JournalStorage(JournalFileBackend(str(journal)))
    return {
        study.study_name: [sorted(trial.params.items()) for trial in _completed(storage, study._study_id)]
        for study in storage.get_all_studies()
    }


def _completed(storage: JournalStorage, study: int) -> list[FrozenTrial]:
    return storage.get_all_trials(study, states=[TrialState.COMPLETE])
