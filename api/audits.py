"""Audits: facts of the files that tell the classes, and the experiment that decides if detectors use them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..benchmark.domains.catalogue import OpenDomain
from ..benchmark.domains.names import dataset_name
from ..benchmark.errors import BenchError
from ..benchmark.figures.audit import Change, FactBar, audit_figure
from ..benchmark.figures.looks import SCREEN
from ..benchmark.invocation import bench
from ..benchmark.metrics.roc import Interval
from ..benchmark.pictures.audit import SingleFact
from ..benchmark.pictures.file_facts import COLUMNS, FACTS
from ..benchmark.reporting import Reporter
from ..benchmark.search.alike import MEANINGS, Experiment, store_alike
from ..benchmark.study.study_file import study_from
from ..benchmark.workers import running_workers
from .data import GivenData
from .options import OptionError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

DETECTORS = ("spectral_svm", "dct_ridge")
QUALITY, CROP, DRAWS = 75, 128, 5


@dataclass(frozen=True, eq=False)
class Audit:
    """
    Outcome of the audit of some domains.

    Attributes
    ----------
    experiments : tuple of Experiment
        One for each domain: ``verdict``, facts of the files (``facts``), and detectors before and after all pictures are stored
        alike (``effects``).
    domains : tuple of OpenDomain
    notes : tuple of str
        Remarks that the command line prints.
    """

    experiments: tuple[Experiment, ...]
    domains: tuple[OpenDomain, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """True if no detector lost when all pictures were stored alike, and that is sure where their files differ."""
        return all(experiment.verdict.is_sound for experiment in self.experiments)

    def __iter__(self) -> Iterator[Experiment]:
        return iter(self.experiments)

    def __len__(self) -> int:
        return len(self.experiments)

    def to_pandas(self) -> "pd.DataFrame":
        """
        Return the effects.

        Returns
        -------
        DataFrame
            A line for each domain and detector: ``verdict`` on the domain, and ``stored``, ``alike`` and ``lost`` (AUC as the
            files are stored, when all are stored alike, and the difference), each with the bounds of its 95 % interval, ``_lo``
            and ``_hi``.
        """
        import pandas as pd

        lines = [
            {"domain": experiment.domain, "verdict": experiment.verdict.value, "detector": effect.detector}
            | _bounds("stored", effect.stored)
            | _bounds("alike", effect.alike)
            | _bounds("lost", effect.lost)
            for experiment in self.experiments
            for effect in experiment.effects
        ]
        return pd.DataFrame(lines)

    def facts(self) -> "pd.DataFrame":
        """Return the facts of the files: a line for each domain and fact, with the AUC of it alone and its usual values."""
        import pandas as pd

        lines = [
            {"domain": experiment.domain, "fact": fact_title(one), "auc": one.auc, "real": one.values[0], "fake": one.values[1]}
            for experiment in self.experiments
            for one in single_facts(experiment)
        ]
        return pd.DataFrame(lines, columns=["domain", "fact", "auc", "real", "fake"])

    def plot(self, domain: str | None = None) -> "Figure":
        """
        Draw the audit of a domain: facts of the files, and detectors before and after.

        Raises
        ------
        OptionError
            If several domains were audited and none is named, or the named one was not audited.
        """
        names = [experiment.domain for experiment in self.experiments]
        if domain is None and len(names) == 1:
            domain = names[0]
        if domain not in names:
            raise OptionError(f"plot draws one of the domains {', '.join(names)}, got {domain!r}.")
        return experiment_figure(self.experiments[names.index(domain)])

    def __repr__(self) -> str:
        lines = [f"{one.domain}: {one.verdict.value}. {MEANINGS[one.verdict]}" for one in self.experiments]
        return "\n".join(lines)

    def _repr_html_(self) -> str | None:
        return self.to_pandas()._repr_html_()


def _bounds(name: str, interval: Interval) -> dict[str, float]:
    return {name: interval.value, f"{name}_lo": interval.low, f"{name}_hi": interval.high}


def audit_domains(
    names: Sequence[str],
    data: GivenData,
    detectors: Sequence[Any],
    *,
    quality: int,
    crop: int,
    draws: int,
    seed: int,
    jobs: int,
    reporter: Reporter,
) -> Audit:
    """
    Audit domains.

    Parameters
    ----------
    names : sequence of str
        Domains, or data sets; empty for those of `data`.
    data : GivenData
    detectors : sequence of str or mapping
        As a study file has them; empty for `DETECTORS`.
    quality : int
        JPEG quality at which all pictures are stored alike.
    crop : int
        Side of the crops, in pixels; less where pictures are smaller.
    draws : int
        Of training pictures.
    seed : int
    jobs : int
        Worker processes.
    reporter : Reporter

    Raises
    ------
    BenchError
        See `store_alike`.
    """
    domains = _domains(names, data)
    study = study_from(
        {
            "name": "audit",
            "detectors": list(detectors or DETECTORS),
            "train": domains,
            "test": domains,
            "seeds": draws,
            "seed": seed,
            "crop": {"side": crop},
            "sweep": None,
            "search": {"trials": 0},
            "oracle": False,
            "controls": False,
        }
    )
    catalogue = data.catalogue()
    with running_workers(jobs) as workers:
        experiments = store_alike(study, catalogue, workers, reporter, quality)
    return Audit(tuple(experiments), tuple(catalogue.domain(experiment.domain, seed) for experiment in experiments))


def _domains(names: Sequence[str], data: GivenData) -> list[str]:
    """Return the domains to audit: those that are named, else those of ``--data``."""
    folders = data.names
    wanted = list(names or folders)
    if not wanted:
        raise BenchError(f"no domain is named; try `{bench('data audit mine --data mine=DIR')}`.")
    for name in folders:
        if name not in map(dataset_name, wanted):
            raise BenchError(f"--data {name} is not used; name {name} among the domains, or leave it out.")
    return wanted


def single_facts(experiment: Experiment) -> Sequence[SingleFact]:
    """Return the facts of the files of a domain, the best first; none where a class has fewer than two groups."""
    return experiment.facts.singles if experiment.facts else ()


def fact_title(fact: SingleFact) -> str:
    """Return the title of a fact."""
    return FACTS[COLUMNS[fact.name]].title


def is_trace(fact: SingleFact) -> bool:
    """Return True if a generator may leave a fact itself."""
    return FACTS[COLUMNS[fact.name]].trace


def experiment_figure(experiment: Experiment) -> "Figure":
    """Draw one experiment."""
    facts = [FactBar(fact_title(one), one.auc, one.values, is_trace(one)) for one in single_facts(experiment)]
    changes = [Change(effect.detector, effect.stored, effect.alike) for effect in experiment.effects]
    return audit_figure(facts, changes, f"{experiment.domain}: {experiment.verdict.value}", MEANINGS[experiment.verdict])


def save_experiment(experiment: Experiment, folder: Path) -> Path:
    """Draw one experiment into a PNG of a folder; return the file."""
    path = folder / f"audit-{re.sub(r'[^A-Za-z0-9_.@-]+', '-', experiment.domain)}.png"
    SCREEN.save(experiment_figure(experiment), path)
    return path
