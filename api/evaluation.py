"""Tests of a model on domains that it has not seen."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..benchmark.cluster.client import open_workers
from ..benchmark.cluster.progress import reporter_of
from ..benchmark.domains.catalogue import OpenDomain, lost_sources
from ..benchmark.domains.files_probe import files_probe
from ..benchmark.domains.reals import open_source, source_name
from ..benchmark.domains.splits import missing_classes
from ..benchmark.metrics.clips import ClipRule
from ..benchmark.models.documents import evaluation_document
from ..benchmark.models.evaluation import Evaluation, evaluate_model
from ..benchmark.models.reals import ScoredReals, score_reals, with_reals
from ..benchmark.models.trained_model import TrainedModel
from ..benchmark.reporting import Reporter
from .data import GivenData
from .notes import dropped_lines, left_out_text, missing_lines, remark_lines
from .stores import send

if TYPE_CHECKING:
    import pandas as pd

Problem = tuple[str, str, str, str]  # (domain, item, status, detail)


@dataclass(frozen=True, eq=False)
class Evaluated:
    """
    A model on test domains.

    Attributes
    ----------
    evaluations : tuple of Evaluation
        One for each domain; one for all together where the model tells generators apart.
    reals : mapping of str to ScoredReals
        Scored pictures of the sources of reals.
    domains : tuple of OpenDomain
    tracking_problem : str
        Reason why the tracking store did not take the results; empty if it did.
    notes : tuple of str
        Remarks that the command line prints.
    """

    evaluations: tuple[Evaluation, ...]
    reals: Mapping[str, ScoredReals]
    domains: tuple[OpenDomain, ...]
    tracking_problem: str
    notes: tuple[str, ...] = ()

    @property
    def problems(self) -> list[Problem]:
        """Pictures that could not be used: (domain, item, status, detail)."""
        return [problem for scored in (*self.evaluations, *self.reals.values()) for problem in scored.problems]

    @property
    def lost(self) -> list[str]:
        """Lines on clips of prepared data sets that gave no picture: not prepared yet, without a face, not decodable."""
        return lost_sources(self.domains)

    @property
    def dropped(self) -> dict[str, dict[str, int]]:
        """Numbers of pictures that were left out as they share a clip or an identity with the training, by domain."""
        counts = {one.domain: {"test": one.n_dropped} for one in self.evaluations}
        return counts | {f"reals of {name}": {"test": scored.n_dropped} for name, scored in self.reals.items()}

    @property
    def facts(self) -> dict[str, dict[str, Any]]:
        """`Dataset.facts` by name of the data set."""
        return {name: facts for one in self.evaluations for name, facts in one.data["data"].items()}

    def to_pandas(self) -> "pd.DataFrame":
        """Return a line for each domain: pictures that were scored (``n``) of all (``n_items``), and every metric."""
        import pandas as pd

        return pd.DataFrame(
            [{"domain": one.domain, "n": one.n, "n_items": one.n_items, **one.numbers} for one in self.evaluations]
        )

    def scores(self) -> "pd.DataFrame":
        """Return the score of every test picture, as the score files have them: those without one keep their status."""
        import pandas as pd

        return pd.concat([one.scores.to_pandas() for one in self.evaluations], ignore_index=True)

    def __repr__(self) -> str:
        return f"Evaluated({', '.join(f'{one.domain}: {one.n} of {one.n_items} pictures' for one in self.evaluations)})"

    def _repr_html_(self) -> str | None:
        return self.to_pandas()._repr_html_()


def evaluate_on(
    model: TrainedModel,
    test: Sequence[str],
    data: GivenData,
    reals: Sequence[str],
    *,
    rule: ClipRule,
    drop_leaks: bool,
    allow_lookalikes: bool,
    jobs: int,
    cluster: str = "",
    tracking_uri: str,
    reporter: Reporter,
    notes: Sequence[str] = (),
) -> Evaluated:
    """
    Test a model on domains and send the results to the tracking store.

    Parameters
    ----------
    model : TrainedModel
    test : sequence of str
        Domains, or data sets, of which domains without a test picture are left out with a note.
    data : GivenData
    reals : sequence of str
        Sources of reals that the fakes are set against, too.
    rule : ClipRule
    drop_leaks, allow_lookalikes, jobs, cluster, tracking_uri
        See `Model.evaluate`.
    reporter : Reporter
    notes : sequence of str
        Notes of the reporter, which are read at the end.

    Raises
    ------
    BenchError
        See `evaluate_model`.
    """
    catalogue, started, seed = data.catalogue(), time.time(), model.recipe.seed
    chosen = catalogue.choose(test, seed, lambda name: missing_classes(catalogue.domain(name, seed).items, ("test",)))
    for domain, reason in chosen.left_out.items():
        reporter.note(left_out_text(domain, reason))
    names = dict.fromkeys(source_name(given, catalogue) for given in reals)
    sources = [open_source(name, catalogue, seed) for name in names]
    read = [*(catalogue.domain(name, seed) for name in chosen.domains), *(one for each in sources for one in each.domains)]
    probe = files_probe([domain.spec for domain in read], [model.recipe.detector])
    with open_workers(jobs, cluster, reporter, probe) as workers:
        reporter = reporter_of(workers, reporter)
        scored = score_reals(model, sources, workers, reporter, drop_leaks, allow_lookalikes)
        evaluations = evaluate_model(model, chosen.domains, catalogue, workers, reporter, drop_leaks, rule, allow_lookalikes)
        evaluations = with_reals(model, evaluations, scored)
        reporter.stage("recording", None)
        with tempfile.TemporaryDirectory() as pictures:
            documents = [evaluation_document(model, evaluation, started, Path(pictures)) for evaluation in evaluations]
            problem = send(documents, tracking_uri)
    opened = tuple(catalogue.domain(name, seed) for name in chosen.domains)
    evaluated = Evaluated(tuple(evaluations), scored, opened, problem)
    about_data = (*missing_lines(evaluated.facts), *evaluated.lost, *remark_lines(opened))
    noted = (*notes, *dropped_lines(evaluated.dropped), *about_data)
    clip_problems = [f"{one.domain} has no metrics per clip: {one.clip_problem}" for one in evaluations if one.clip_problem]
    unsent = [f"not recorded: {problem}"] if problem else []
    return replace(evaluated, notes=(*noted, *clip_problems, *unsent))
