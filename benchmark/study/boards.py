"""
Boards of a study, and the names that its options give them.

A study's board holds rows of one set of settings. Options of `bench run` that change what is computed lead to a board of its
own, named by what differs: ``band_search~trials=0``, ``band_search~mine``.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..domains.catalogue import Catalogue
from ..domains.names import chain_of, dataset_name, training_domains
from ..errors import BenchError, StudyError
from ..registry import datasets
from ..store.files import digest
from ..tracking.names import MARK
from .study_file import MOST_NAME, Study, override

OPTIONS = {
    **{"search.trials": "trials", "seeds": "seeds", "seed": "seed", "mode": "mode", "crop.side": "crop", "clips": "clips"},
    "allow_lookalikes": "allow-lookalikes",
}
ODD = re.compile(r"[^A-Za-z0-9_.,=-]")  # what MLflow, files and addresses do not all take
HEX = 8  # digits that stand for the rest of a name that would be too long


@dataclass(frozen=True)
class StudyReference:
    """
    Names by which later commands find a study that was run.

    Attributes
    ----------
    run : str
        Argument of ``bench run``: the name of a shipped study, or the path of a file.
    board : str
        Argument of ``bench leaderboard --study``.
    """

    run: str
    board: str


def study_reference(given: str, study: Study) -> StudyReference:
    """
    Return the names of a study that was run.

    Parameters
    ----------
    given : str
        What the user gave to ``bench run``.
    study : Study
        As it was run, under the name of its board.
    """
    return StudyReference(given, study.name)


@dataclass(frozen=True)
class Placement:
    """
    Domains that a run trains and tests on instead of the study's; empty where the study's stay.

    Attributes
    ----------
    train, test : tuple of str
    alone : tuple of str
        Data sets of ``--data`` that no option places, and that replace all domains of the study.
    """

    train: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()


def place_data(study: Study, brought: Sequence[str], train: Sequence[str], test: Sequence[str]) -> Placement:
    """
    Choose the domains that data sets of ``--data`` are used for.

    One that the study names, be it for parameters alone, lies where ``--data`` says, and nothing else changes. One that it does
    not name is trained and tested on alone, unless ``--train`` or ``--test`` place it.

    Parameters
    ----------
    study : Study
    brought : sequence of str
        Names of data sets, of ``--data``.
    train, test : sequence of str
        Domains of ``--train`` and ``--test``, which replace the study's.

    Raises
    ------
    StudyError
        If the study names some of them and not the others, which could not replace all of its domains.
    """
    if train or test:
        return Placement(tuple(train), tuple(test))
    named = {dataset_name(domain) for domain in (*training_domains(study.train), *study.test)} | set(study.datasets)
    unnamed = tuple(name for name in brought if name not in named)
    if not unnamed:
        return Placement()
    if len(unnamed) < len(brought):
        of_study = ", ".join(name for name in brought if name in named)
        tests = " ".join(f"--test {domain}" for domain in (*study.test, *unnamed))
        raise StudyError(
            f"--data brings {of_study}, which the study {study.name} names, and {', '.join(unnamed)}, which it does not: "
            f"say what {', '.join(unnamed)} is for ({tests} adds it to the test domains; --train replaces the training "
            f"domains), or leave it out."
        )
    return Placement(unnamed, unnamed, unnamed)


def on_its_board(study: Study, shipped: Study, catalogue: Catalogue, options: Mapping[str, Mapping[str, Any]]) -> Study:
    """
    Return a study under the name of the board that its rows belong to.

    Other detectors, and fewer training domains, are rows of the same board; whatever else changes what is computed names
    another one. Not so ``--drop-leaks``: where it leaves pictures out, the study does not run without it.

    Parameters
    ----------
    study : Study
        As it is going to be run.
    shipped : Study
        As its file says.
    catalogue : Catalogue
        Of the data sets of this run.
    options : mapping of str to mapping
        Parameters of data sets that ``--data NAME.PARAMETER=VALUE`` sets.
    """
    changed, before = _flat(study), _flat(shipped)
    parts = _domain_parts(study, shipped, catalogue)
    parts += [f"{label}={changed[key]}" for key, label in OPTIONS.items() if changed[key] != before[key]]
    parts += _parameter_parts(shipped, catalogue, options)
    return override(study, {"name": _name(shipped.name, parts)}) if parts else study


def _flat(study: Study) -> dict[str, Any]:
    return {
        "search.trials": study.search.trials,
        "seeds": study.seeds,
        "seed": study.seed,
        "mode": study.mode,
        "crop.side": study.crop.side,
        "clips": study.clips.value,
        "allow_lookalikes": study.allow_lookalikes,
    }


def _name(study: str, parts: Sequence[str]) -> str:
    """Join the parts with characters that MLflow, files and addresses take; a long name is cut and told apart by a digest."""
    name = MARK.join([study, *(ODD.sub("-", part) for part in parts)])
    return name if len(name) <= MOST_NAME else f"{name[: MOST_NAME - HEX - 1]}{MARK}{digest(parts)[:HEX]}"


def _domain_parts(study: Study, shipped: Study, catalogue: Catalogue) -> list[str]:
    # Pools, and shots of a target, of the same domains are further rows, as fewer domains are.
    train, test = (_expanded(catalogue, names, study.seed) for names in (training_domains(study.train), study.test))
    train_before, test_before = (
        _expanded(catalogue, names, study.seed) for names in (training_domains(shipped.train), shipped.test)
    )
    fewer = train <= train_before
    if not (train and test):  # the run is going to be refused, with the reason
        return []
    if train == test and test != test_before:
        return [_listed(catalogue, train, study.seed)]
    parts = [] if fewer else [f"train={_listed(catalogue, train, study.seed)}"]
    return parts + ([] if test == test_before else [f"test={_listed(catalogue, test, study.seed)}"])


def _expanded(catalogue: Catalogue, names: Sequence[str], seed: int) -> frozenset[str]:
    """All domains that some names stand for; none where a data set is not at hand, which this run then does without."""
    try:
        return frozenset(catalogue.expand(names, seed))
    except BenchError:
        return frozenset()


def _listed(catalogue: Catalogue, domains: frozenset[str], seed: int) -> str:
    """Names of domains in alphabetical order; a data set stands for all of its domains."""
    names = set()
    for name in {dataset_name(domain) for domain in domains}:
        plain = {domain for domain in domains if dataset_name(domain) == name and not chain_of(domain)}
        complete = plain and plain == _expanded(catalogue, [name], seed)
        names |= {name} if complete else plain
    return ",".join(sorted(names | {domain for domain in domains if chain_of(domain)}))


def _parameter_parts(shipped: Study, catalogue: Catalogue, options: Mapping[str, Mapping[str, Any]]) -> list[str]:
    parts = []
    for name, parameters in sorted(options.items()):
        plugin = datasets.get(catalogue.spec(name).reference)
        usual = {**plugin.parameter_defaults(), **shipped.datasets.get(name, {})}
        parts += [
            _parameter_part(f"{name}.{key}", value) for key, value in sorted(parameters.items()) if usual.get(key) != value
        ]
    return parts


def _parameter_part(key: str, value: Any) -> str:
    """Name a value; a path or regular expression, which no name can hold, is told apart by a digest."""
    part = f"{key}={value}"
    return f"{key}-{digest(value)[:HEX]}" if ODD.search(part) else part


def options_of(board: str) -> list[str]:
    """
    Return the options of `bench run` that a board's name tells of: ``["--trials", "0"]`` for ``band_search~trials=0``.

    Domains and data sets are not among them, as a name has no room for folders.
    """
    words = []
    for part in board.split(MARK)[1:]:
        key, mark, value = part.partition("=")
        if mark and key in OPTIONS.values():
            words += [f"--{key}"] if value == str(True) else [f"--{key}", value]
        elif mark and "." in key:
            words += ["--data", part]
    return words
