"""`bandbench.run`: a study, from pictures to rows of the leaderboard."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

from ..benchmark.cluster.client import open_workers
from ..benchmark.domains.catalogue import Catalogue, lost_sources
from ..benchmark.domains.names import dataset_name, training, training_domains, unperturbed
from ..benchmark.errors import DataError, TrackingError, listed, unknown_name
from ..benchmark.invocation import bench
from ..benchmark.metrics.digits import auc_text, interval_text
from ..benchmark.recording.cell_folder import kept_folder
from ..benchmark.records import Plan, Shard
from ..benchmark.reporting import Reporter
from ..benchmark.results.rows import Row
from ..benchmark.search.optuna_history import check_storage
from ..benchmark.search.plan import make_plan
from ..benchmark.search.run import Outcome, plan_files, run_study
from ..benchmark.search.small_pictures import small_pictures
from ..benchmark.store.folders import ensure_places
from ..benchmark.study.boards import on_its_board, place_data
from ..benchmark.study.study_file import Study, load_study, override, shipped_studies, study_from
from ..benchmark.tracking.store import check_tracking_store, resolve_tracking_uri
from ..benchmark.workers import warm_up_for
from ..leaderboard.ranking.board import ranked_board
from ..leaderboard.ranking.detectors import DetectorPlace
from ..leaderboard.ranking.reals import with_reals_ranks
from ..leaderboard.rows import ranked
from .board import Board, leaderboard, with_published
from .data import Folders, GivenData, Groups, given_data
from .notes import dropped_lines, left_out_text, missing_lines, remark_lines
from .options import OptionError, as_dates, as_detectors, as_jobs, as_names, as_trainings, cluster_of, public
from .progress import reporting
from .shards import NO_SHARD, settled_shard

BAND_SEARCH = "band_search"
SHOWN_TESTS = 6  # test domains in a message
SHOWN_ROWS = 10


@dataclass(frozen=True)
class StudyOptions:
    """
    A study, and the options that change what it computes.

    Attributes
    ----------
    study : Study
        As its file says.
    data : GivenData
    name : str or None
        Of a board of its own.
    detectors : tuple of mapping
        As a study file has them; empty for the study's own, like all that follow.
    train : tuple of str or list of str
    test, reals : tuple of str
    trials, seeds, seed, crop : int or None
        None for the study's own, like all that follow.
    mode, clips : str or None
    drop_leaks, no_controls, allow_lookalikes : bool
    released : mapping of str to str
        Release dates by domain or data set, on top of the study's.
    """

    study: Study
    data: GivenData = field(default_factory=GivenData)
    name: str | None = None
    detectors: tuple[Mapping[str, Any], ...] = ()
    train: tuple[str | list[str], ...] = ()
    test: tuple[str, ...] = ()
    reals: tuple[str, ...] = ()
    trials: int | None = None
    seeds: int | None = None
    seed: int | None = None
    mode: str | None = None
    crop: int | None = None
    clips: str | None = None
    drop_leaks: bool = False
    no_controls: bool = False
    allow_lookalikes: bool = False
    released: Mapping[str, str] = field(default_factory=dict)

    @property
    def changes(self) -> dict[str, Any]:
        """Values of the study by key (``search.trials``), without train and test domains."""
        changes = {
            "name": self.name,
            "detectors": [dict(entry) for entry in self.detectors],
            "reals": list(self.reals),
            "search.trials": self.trials,
            "seeds": self.seeds,
            "seed": self.seed,
            "mode": self.mode,
            "crop.side": self.crop,
            "clips": self.clips,
            "drop_leaks": self.drop_leaks or None,
            "controls": False if self.no_controls else None,
            "allow_lookalikes": self.allow_lookalikes or None,
            "dates": {**self.study.dates, **self.released} if self.released else None,
        }
        return {key: value for key, value in changes.items() if value not in (None, [])}


@dataclass(frozen=True)
class StudyResults:
    """
    Results of a study, and everything that it could not do.

    Attributes
    ----------
    plan : Plan
        What was crossed: detectors, domains and pictures.
    outcome : Outcome
        What the run gave; empty after ``dry_run=True``.
    rows : tuple of Row
        Leaderboard rows of all cells that could be finished, the best first, with ranks.
    ranking : tuple of DetectorPlace
        Ranks of the detectors over all trainings.
    notes : tuple of str
        Remarks that the command line prints: domains left out, how data sets were read, results that wait to be sent.
    tracking_uri : str
        MLflow store that the results were sent to.

    Examples
    --------
    ::

        results = bb.run("detectors", data={"mine": "pictures"}, seeds=2)
        results.board.to_pandas()
    """

    plan: Plan
    outcome: Outcome
    rows: tuple[Row, ...]
    ranking: tuple[DetectorPlace, ...]
    notes: tuple[str, ...]
    tracking_uri: str

    @property
    def name(self) -> str:
        """Name of the study's board."""
        return self.plan.study.name

    @property
    def computed(self) -> int:
        """Number of fits that were computed now and not taken from records."""
        return self.outcome.computed

    @property
    def failures(self) -> dict[str, str]:
        """Reason by cell without a result."""
        return self.outcome.failures

    @property
    def gaps(self) -> dict[str, tuple[str, ...]]:
        """Reasons of bands that could not be scored, by cell."""
        return self.outcome.gaps

    @property
    def problems(self) -> list[tuple[str, str, str, str]]:
        """Pictures that could not be used: (data set, item, status, detail)."""
        return self.outcome.problems

    @property
    def lost(self) -> list[str]:
        """Lines on clips of prepared data sets that gave no picture: not prepared yet, without a face, not decodable."""
        return self.outcome.lost

    @property
    def complete(self) -> bool:
        """True if every band, cell, picture, source of pictures and MLflow run is there."""
        return self.outcome.complete

    @cached_property
    def board(self) -> Board:
        """Leaderboard of the study, as `bandbench.leaderboard` reads it from the store."""
        return leaderboard(self.name, tracking_uri=self.tracking_uri)

    def __repr__(self) -> str:
        counts = {
            ("row", "rows"): len(self.rows),
            ("fit computed", "fits computed"): self.computed,
            ("cell without a result", "cells without a result"): len(self.failures),
            ("picture that could not be used", "pictures that could not be used"): len(self.problems),
            ("note", "notes"): len(self.notes),
        }
        stated = [f"{n} {words[n != 1]}" for words, n in counts.items() if n > 0 or "row" in words]
        return f"StudyResults({self.name!r}: {', '.join(stated)})"

    def _repr_html_(self) -> str:
        lines = [_row_html(i, row) for i, row in enumerate(self.rows[:SHOWN_ROWS], 1)]
        heads = "".join(f"<th>{head}</th>" for head in ("", "detector", "train", "band", "AUC", "95 %"))
        more = f"<p>… and {len(self.rows) - SHOWN_ROWS} more rows</p>" if len(self.rows) > SHOWN_ROWS else ""
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>{more}" if lines else ""
        return f"<p>{escape(repr(self))}</p>{table}"


def _row_html(number: int, row: Row) -> str:
    low, high = (row.value(f"{row.headline_column}_{end}") for end in ("lo", "hi"))
    interval = interval_text(low, high, " to ")
    cells = (str(number), row.detector, row.train, str(row.band), auc_text(row.headline), interval)
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


@public
def run(
    study: str | PathLike[str] | Mapping[str, Any] = BAND_SEARCH,
    *,
    name: str | None = None,
    data: Folders | None = None,
    groups: Groups | None = None,
    group_by: Groups | None = None,
    detector: Any = None,
    train: str | Sequence[str | Sequence[str]] | None = None,
    test: str | Sequence[str] | None = None,
    reals: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    trials: int | None = None,
    seeds: int | None = None,
    seed: int | None = None,
    mode: str | None = None,
    crop: int | None = None,
    clips: str | None = None,
    released: Mapping[str, str] | None = None,
    jobs: int | None = None,
    cluster: Any = None,
    shard: str | None = None,
    tracking_uri: str | None = None,
    storage: str | None = None,
    drop_leaks: bool = False,
    strict: bool = False,
    no_controls: bool = False,
    allow_lookalikes: bool = False,
    fresh: bool = False,
    dry_run: bool = False,
    progress: bool = True,
) -> StudyResults:
    r"""
    Run a study, or what is left of it: the same call continues where it stopped and adds nothing twice.

    The options are those of ``bench run``; one that is None is the study's.

    Parameters
    ----------
    study : str, path or mapping
        Name of a shipped study, a YAML file, or the keys of a study file.
    name : str, optional
        Record under this name, on a board of its own.
    data : mapping of str to path or mapping, optional
        Folder by data set; or one with ``real/`` and ``fake/`` under a name of your choice: ``{"mine": "pictures"}``. A mapping
        holds parameters of the data set, and the folder as ``root``.
    groups : path or mapping of str to path, optional
        CSV list of the pictures that belong together, of a folder in `data`: path, group[, target, donor, video].
    group_by : str or mapping of str to str, optional
        Regular expression that finds the group in a path, such as ``(id\d+)_``; or ``folder``, ``name``, ``none``.
    detector : str, class, mapping or list of them, optional
        ``name``, ``name/preset``, ``file.py:Class``, ``module:Class``, an importable class, or
        ``{"name": …, "params": {…}}``.
    train : str or list, optional
        Domains to train on; a list in the list is a pool, which is one training.
    test : str or list of str, optional
        Domains to test on.
    reals : str, path or list of them, optional
        Reals that the fakes are set against, too: data sets, domains or folders of pictures.
    trials : int, optional
        Bands that the search tries per cell.
    seeds : int, optional
        Draws of training and validation pictures.
    seed : int, optional
        Seed of all random draws; it fixes the test pictures.
    mode : {"keep", "reweight", "pixels"}, optional
        What a band does.
    crop : int, optional
        Side of the square window cut from each picture, in pixels.
    clips : {"mean", "vote", "top_third"}, optional
        How the scores of a clip's frames become one.
    released : mapping of str to str, optional
        Release date of the generator of a domain or data set, ``{"mine": "2024-03"}``; the protocol ``later_only`` uses it.
    jobs : int, optional
        Worker processes; one per core for None. In a script they need ``if __name__ == "__main__":`` above the call.
    cluster : str, path or cluster of Dask, optional
        Address (``tcp://HOST:8786``) or scheduler file of a Dask cluster, whose workers do the work instead of `jobs` processes
        of this machine. The folders of results and cache have to be shared by all machines.
    shard : str, optional
        ``I/N``: compute the cells of one of N shards only, I from 0. When all shards have ended, the same call with ``none``
        assembles their results. None for the task of the SLURM array that this runs in, and for all cells elsewhere.
    tracking_uri : str, optional
        MLflow store or server; ``MLFLOW_TRACKING_URI``, else a local one.
    storage : str, optional
        Database for the searches; a journal file for None.
    drop_leaks : bool
        Leave out training pictures that share a clip or an identity with held-out ones.
    strict : bool
        Stop before any fit where the files of a domain tell fakes from reals.
    no_controls : bool
        Leave out the rows of the controls ``file_facts`` and ``permuted_labels``.
    allow_lookalikes : bool
        Keep test pictures that look like training pictures.
    fresh : bool
        Compute everything again instead of continuing.
    dry_run : bool
        Plan only: the result has a plan and no rows.
    progress : bool
        Show a progress bar, in a terminal or a notebook.

    Returns
    -------
    StudyResults

    Raises
    ------
    BenchError
        If the study cannot run. Unknown options are TypeErrors, too, and wrong values ValueErrors. A cell, a band or a picture
        that fails does not raise: see `StudyResults.failures`, ``gaps`` and ``problems``.

    Examples
    --------
    ::

        bb.run("detectors", detector=["spectral_svm", "dct_ridge"], data={"mine": "pictures"}, seeds=2)
    """
    options = StudyOptions(
        read_study(study),
        given_data(data, groups, group_by),
        name,
        as_detectors(detector),
        as_trainings(train),
        as_names("test", test),
        as_names("reals", reals),
        trials,
        seeds,
        seed,
        mode,
        crop,
        clips,
        drop_leaks,
        no_controls,
        allow_lookalikes,
        as_dates(released),
    )
    n_jobs, uri = as_jobs(jobs), resolve_tracking_uri(tracking_uri)
    part, note = settled_shard(shard)
    with reporting(progress) as reporter:
        place = cluster_of(cluster, jobs, reporter)
        if note:
            reporter.note(note)
        reporter.stage("reading the study", None)
        if dry_run:
            check_stores(uri, storage, reporter)
            plan = plan_study(options, reporter)
            check_cluster(plan, place, reporter)
            small = small_pictures(plan, reporter)
            return planned(plan, uri, [*reporter.notes, *(found.sentence(plan.study.crop.side) for found in small)])
        ensure_places()
        if not place:
            warm_up_for(str(study))
        plan = plan_study(options, reporter)
        return run_plan(
            plan,
            jobs=n_jobs,
            tracking_uri=uri,
            storage=storage,
            fresh=fresh,
            strict=strict,
            reporter=reporter,
            notes=reporter.notes,
            cluster=place,
            shard=part,
        )


def read_study(given: str | PathLike[str] | Mapping[str, Any]) -> Study:
    """
    Read a study that is given by name, as a file or by its keys.

    Raises
    ------
    StudyError
        If there is none, or a key of it is wrong.
    """
    if isinstance(given, Mapping):
        return study_from(given)
    if not isinstance(given, str | PathLike):
        raise OptionError(f"study takes a name, a path or a mapping of keys, got {given!r}.")
    reference = os.fspath(given)
    if not isinstance(given, str) and "/" not in reference:
        reference = f"./{reference}"  # a path without a folder is no name of a shipped study
    if Path(reference).is_dir() and reference not in shipped_studies():
        raise OptionError(
            f"study: {reference} is a folder and no study; for the pictures in it: data={{'mine': {reference!r}}}."
        )
    return load_study(reference)


def plan_study(options: StudyOptions, reporter: Reporter) -> Plan:
    """
    Plan a study with the changes of its options; note the domains that have no part in it.

    Raises
    ------
    BenchError
        If the study, its data or a change cannot be used.
    """
    shipped, data = options.study, options.data
    reals = {dataset_name(source) for source in options.reals or shipped.reals}
    train_names = [name for one in options.train for name in ([one] if isinstance(one, str) else one)]
    placed = place_data(shipped, _without_reals(data.names, reals, shipped), train_names, options.test)
    domains = {"train": list(options.train or placed.train), "test": list(placed.test)}
    changed = override(shipped, options.changes | {key: names for key, names in domains.items() if names})
    catalogue = _catalogue(changed, data)
    if not options.name:
        changed = on_its_board(changed, shipped, catalogue, data.options)
    if placed.alone:
        reporter.note(_taken_alone(placed.alone, shipped.name, changed.name))
    plan = make_plan(changed, catalogue)
    _refuse_unused(data.names, plan)
    _refuse_undated(options.released, plan)
    for domain, reason in plan.left_out.items():
        reporter.note(f"{domain} is left out: it {reason}.")
    for domain, reason in plan.unusable.items():
        reporter.note(left_out_text(domain, reason))
    for name, reason in plan.not_trained.items():
        reporter.note(f"{name} is not trained on: {reason}.")
    for name, tests in plan.not_counted.items():
        which = f"{training(name).label(plan.study.test)}: its mean leaves out {listed(tests, SHOWN_TESTS)}"
        reporter.note(f"{which} (protocol {plan.study.protocol}).")
    return plan


def check_stores(tracking_uri: str, storage: str | None, reporter: Reporter) -> bool:
    """Check the stores of a run without creating anything; return False if its results would have to wait."""
    if storage:
        check_storage(storage)
    try:
        check_tracking_store(tracking_uri)
    except TrackingError as error:
        reporter.note(f"{error} Until then results would be kept here.")
        return False
    return True


def check_cluster(plan: Plan, cluster: str, reporter: Reporter) -> None:
    """
    Check that the workers of a cluster, if there is one, could do the work of a plan.

    Raises
    ------
    BenchError
        If it cannot be reached, or a worker could not.
    """
    if cluster:
        with open_workers(1, cluster, reporter, plan_files(plan), preload=()):
            pass


def planned(plan: Plan, tracking_uri: str, notes: Sequence[str] = ()) -> StudyResults:
    """Return the results of a plan of which nothing was run."""
    return StudyResults(plan, Outcome(), (), (), (*notes, *_notes_on_data(plan)), tracking_uri)


def run_plan(
    plan: Plan,
    *,
    jobs: int,
    tracking_uri: str,
    storage: str | None,
    fresh: bool,
    strict: bool,
    reporter: Reporter,
    notes: Sequence[str] = (),
    cluster: str = "",
    shard: Shard | None = None,
    whole_command: str = "",
) -> StudyResults:
    """
    Run what is left of a plan, and rank its rows; those of a shard, which are not all, have no ranks.

    Parameters
    ----------
    plan : Plan
    jobs, tracking_uri, storage, fresh, strict, reporter, cluster, shard
        See `run_study`.
    notes : sequence of str
        Notes of the reporter, which are read when the run has come to its end.
    whole_command : str
        Command line that runs the whole study, which notes of a shard and boards name; empty in Python.

    Raises
    ------
    BenchError
        See `run_study`.
    """
    if shard is not None and fresh:
        raise OptionError(
            f"--fresh begins a new attempt at the whole study, and every shard would begin one of its own: "
            f"{bench('submit --fresh')} begins it once for all shards, and so does `--fresh --shard {NO_SHARD}`."
        )
    outcome = run_study(
        plan,
        jobs=jobs,
        tracking_uri=tracking_uri,
        storage=storage,
        fresh=fresh,
        reporter=reporter,
        strict=strict,
        cluster=cluster,
        shard=shard,
        whole_command=whole_command,
    )
    if shard is not None:
        noted = (*notes, *_notes_on_data(outcome.plan or plan), shard_line(outcome, whole_command))
        return StudyResults(outcome.plan or plan, outcome, tuple(outcome.rows), (), noted, tracking_uri)
    reporter.stage("comparing the rows", None)
    board = ranked_board(with_published(ranked(outcome.rows)), _folder_of)
    rows = with_reals_ranks(board.rows, _folder_of)
    plan = outcome.plan or plan
    noted = (*notes, *_notes_on_data(plan), *unsent_lines(outcome))
    return StudyResults(plan, outcome, tuple(rows), tuple(board.detectors), noted, tracking_uri)


def shard_line(outcome: Outcome, command: str = "") -> str:
    """Return the line on what a shard has done and on what follows; `command` runs the whole study."""
    n_cells = f"{outcome.n_finished} of {outcome.n_cells} {'cell' if outcome.n_cells == 1 else 'cells'}"
    way_on = command or f"run the study with shard='{NO_SHARD}'"
    return f"{n_cells} of shard {outcome.shard} recorded; when all shards have ended: {way_on}"


def unsent_lines(outcome: Outcome) -> list[str]:
    """Return the lines about results that the tracking store has not got yet; none if it has all."""
    if not outcome.unsent:
        return []
    return [outcome.tracking_problem, f"The results are kept here; `{bench('sync')}` sends them once the store answers."]


def _folder_of(row: Row) -> Path:
    return kept_folder(row.cell)


def _notes_on_data(plan: Plan) -> list[str]:
    lost = lost_sources(plan.read_domains)
    return [*dropped_lines(plan.dropped_leaks), *missing_lines(plan.facts), *lost, *remark_lines(plan.opened)]


def _taken_alone(names: Sequence[str], study: str, board: str) -> str:
    """Return the remark that the study's own domains have no part in this run."""
    are = "is no data set" if len(names) == 1 else "are no data sets"
    own_board = "" if board == study else f", and its board is {board}"  # of the same name if a folder cannot be read
    return (
        f"{', '.join(names)} {are} of the study {study}: this run trains and tests on nothing else{own_board}. "
        "--train and --test combine it with other domains."
    )


def _catalogue(study: Study, data: GivenData) -> Catalogue:
    options = {name: dict(study.datasets.get(name, {})) for name in (*study.datasets, *data.options)}
    for name, values in data.options.items():
        options[name] |= values
    return Catalogue(data.folders, options)


def _without_reals(names: Sequence[str], reals: Collection[str], study: Study) -> list[str]:
    """Return the data sets of ``--data`` that are no source of reals alone: such a one has its place."""
    trained_or_tested = {dataset_name(domain) for domain in (*study.train, *study.test)}
    return [name for name in names if name not in reals or name in trained_or_tested]


def _refuse_undated(released: Mapping[str, str], plan: Plan) -> None:
    """Refuse the release date of what is no domain of the run."""
    domains = {unperturbed(domain) for domain in (*training_domains(plan.study.train), *plan.study.test)}
    names = sorted({name for domain in domains for name in (domain, dataset_name(domain))})
    for name in released:
        if name not in names:
            raise DataError("--released: " + unknown_name("domain or data set of this run", name, names))


def _refuse_unused(names: Sequence[str], plan: Plan) -> None:
    used = {dataset_name(domain) for domain in (*training_domains(plan.study.train), *plan.study.test, *plan.sources)}
    for name in names:
        if name not in used:
            raise DataError(f"--data {name} is not used by this run; add --train {name} or --test {name}, or leave it out.")
