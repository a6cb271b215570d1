"""
The one table of columns and metrics: everything that a row or a test result says, described once.

The terminal, CSV, JSON, the page with its LaTeX download, MLflow and the docs read it. A number of scores and labels that is
added to `METRICS` is computed for every test domain and appears in all of them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from ..metrics.clips import RATES
from ..metrics.detection import (
    FALSE_ALARM_RATES,
    Verdicts,
    average_precision_of,
    balanced_accuracy_of,
    detection_rate_of,
    equal_error_rate_of,
    nearest_detection_rate_of,
)


class Unit(StrEnum):
    """Unit of a column, which decides how a value is written."""

    AUC = "AUC"
    DIFFERENCE = "difference"
    SHARE = "share"
    SECONDS = "s"
    MILLISECONDS = "ms"
    BYTES = "bytes"
    COUNT = "count"
    FREQUENCY = "cycles/pixel"
    TEXT = ""


class Better(StrEnum):
    """Direction in which a number is better."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = ""


class Source(StrEnum):
    """
    Origin of a column's value, and by what a board checks it.

    All of a cell's files are checked against the digest that was recorded when they were sent, too.
    """

    SCORES = "scores"
    COMPARED = "compared"
    DIGEST = "digest"
    BOARD = "board"
    SUBMISSION = "submission"

    @property
    def meaning(self) -> str:
        """One clause for people."""
        return SOURCES[self]


SOURCES = {
    Source.SCORES: "computed from the score files whenever a file changes; AUCs, gain and coverage are compared with MLflow",
    Source.COMPARED: "from `cell.json`, and compared with a metric, tag or parameter of the run in MLflow",
    Source.DIGEST: "from `cell.json`, which is checked by the recorded digest alone",
    Source.BOARD: "computed by the board from other columns",
    Source.SUBMISSION: "stated by a contributor",
}


@dataclass(frozen=True)
class Terminal:
    """
    Place of a column in the table of the terminal.

    Attributes
    ----------
    heading : str
    place : int
        Order among the cells of a line.
    below : bool
        On the second line of the cell of that place.
    wide : bool
        Shown only where the terminal is wide.
    bounds_wide : bool
        Its interval is shown only where the terminal is wide.
    """

    heading: str
    place: int = 99
    below: bool = False
    wide: bool = False
    bounds_wide: bool = False


@dataclass(frozen=True)
class Column:
    """
    One thing that a row, or a test result, says.

    Attributes
    ----------
    name : str
        In JSON, CSV and MLflow.
    heading : str
        On the page, with line breaks; empty for what has no column there.
    meaning : str
    unit : Unit
    better : Better
    interval : bool
        It has bounds of 95 %, named with ``_lo`` and ``_hi``.
    terminal : Terminal or None
    hidden : bool
        The page shows it only if it is asked to.
    hindsight : bool
        It could not have been known before the test pictures were scored.
    latex : str
        Heading in the LaTeX table; empty for what is not there.
    mlflow : bool
        It is a metric of the run.
    derived : bool
        The page works it out of other columns: no part of CSV and JSON.
    """

    name: str
    heading: str = ""
    meaning: str = ""
    unit: Unit = Unit.TEXT
    better: Better = Better.NEITHER
    interval: bool = False
    terminal: Terminal | None = None
    hidden: bool = False
    hindsight: bool = False
    latex: str = ""
    mlflow: bool = False
    derived: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its values: its own, and those of its bounds."""
        return (self.name, f"{self.name}_lo", f"{self.name}_hi") if self.interval else (self.name,)

    @property
    def source(self) -> Source:
        """Origin of its value."""
        if self.derived:
            return Source.BOARD
        return ORIGINS.get(self.name, Source.SCORES)

    @property
    def is_number(self) -> bool:
        """False for texts and frequencies."""
        return self.unit not in (Unit.TEXT, Unit.FREQUENCY)


# Origins of columns that are not computed from the score files.
ORIGINS = {
    **dict.fromkeys(
        (
            *("detector", "train", "band", "ms_per_picture", "model_bytes", "fit_seconds", "split_id", "evidence", "rule"),
            *("shortcut", "variant", "cell", "dropped_leaks"),
        ),
        Source.COMPARED,
    ),
    **dict.fromkeys(
        (
            *("score_ms", "seeds", "train_overlap", "study", "role", "plateau", "swept", "control", "random_encoder"),
            *("selection", "shots", "not_counted", "gaps", "settings", "finished", "missing", "released", "reported"),
            *("oracle_band", "lookalikes", "split_list", "pictures"),
        ),
        Source.DIGEST,
    ),
    **dict.fromkeys(
        (
            *("id", "ranks", "rank_low", "rank_high", "tie_group", "rank_reason", "marks", "reals_rank_low", "reals_rank_high"),
            *("later_auc", "later_reason", "run_id", "current", "source", "verified"),
        ),
        Source.BOARD,
    ),
    "submission": Source.SUBMISSION,
}


@dataclass(frozen=True, kw_only=True)
class Metric(Column):
    """
    A number of the scores and labels of one test domain.

    Attributes
    ----------
    measure : callable
        Takes `Verdicts`; NaN where it is undefined.
    board : bool
        Rows have it too, as the mean over the test domains of their headline.
    """

    measure: Callable[[Verdicts], float]
    board: bool = False


def _rate(rate: float, nearest: bool) -> Metric:
    percent = f"{round(100 * rate)}"
    if nearest:
        first, rule = "at the nearest\nto 10 %", "at the point of the ROC curve whose false-alarm rate is nearest to"
    else:
        first, rule = "found at\n10 % alarms", "at a false-alarm rate of at most"
    return Metric(
        name=f"pd{percent}{'_nearest' * nearest}",
        heading=first if rate == FALSE_ALARM_RATES[0] else f"{percent} %",
        meaning=f"Share of the fakes that is detected {rule} {percent} %.",
        unit=Unit.SHARE,
        better=Better.HIGHER,
        interval=not nearest,
        hidden=not nearest,
        mlflow=not nearest,
        board=not nearest,
        measure=partial(nearest_detection_rate_of if nearest else detection_rate_of, false_alarm_rate=rate),
    )


def _clip_rate(name: str, rate: float) -> Column:
    percent = f"{round(100 * rate)} %"
    return Column(
        f"clip_{name}",
        "found at\n10 % alarms" if rate == FALSE_ALARM_RATES[0] else percent,
        f"Share of the fake clips that is detected at a false-alarm rate of at most {percent} of the real clips.",
        Unit.SHARE,
        Better.HIGHER,
        interval=True,
        mlflow=True,
    )


# End of a sentence on the 95 % interval of a number.
INTERVAL_OVER = (
    "over groups of test pictures (identities, clips) and, with five draws or more, over draws of the training pictures"
)

METRICS: tuple[Metric, ...] = (
    Metric(
        name="average_precision",
        meaning="Average precision of the fake class.",
        unit=Unit.SHARE,
        better=Better.HIGHER,
        mlflow=True,
        measure=average_precision_of,
    ),
    Metric(
        name="eer",
        heading="EER",
        meaning="Equal error rate: the rate at which false alarms are as frequent as misses.",
        unit=Unit.SHARE,
        better=Better.LOWER,
        interval=True,
        hidden=True,
        mlflow=True,
        board=True,
        measure=equal_error_rate_of,
    ),
    Metric(
        name="balanced_accuracy",
        meaning=(
            "Mean of the two classes' accuracies at the threshold that is best on validation pictures of the training domain."
        ),
        unit=Unit.SHARE,
        better=Better.HIGHER,
        mlflow=True,
        measure=balanced_accuracy_of,
    ),
    *(_rate(rate, nearest) for nearest in (False, True) for rate in FALSE_ALARM_RATES),
)

ERROR_RATES = (*(f"pd{round(100 * rate)}" for rate in FALSE_ALARM_RATES), "eer")  # metrics that have an interval

# In the order of the page.
ROW_COLUMNS: tuple[Column, ...] = (
    Column("detector", "detector", "The detector with its parameters or preset; the name opens all details of the row."),
    Column(
        "ranks",
        "rank",
        (
            "Lowest and highest rank, among the ranked rows of the same set, that are compatible with the noise of the test "
            "pictures and of the training draws. Rows with the same tie number are not significantly worse than the best of "
            "them. (Paired differences with a lower bound of the error for few groups; Holm's correction.) Controls, rows of "
            "fewer than five draws and rows that have learned nothing have no rank."
        ),
        Unit.COUNT,
        Better.LOWER,
        derived=True,
    ),
    Column(
        "train",
        "trained on",
        (
            "Domain of the training and validation pictures; of a pool all domains, with the shots of a target domain if there "
            "are any. The board names a pool of nearly all test domains by those that it leaves out."
        ),
    ),
    Column(
        "band",
        "band\n(cycles/px)",
        (
            "Frequencies that the detector can use. Second line: the evidence, stretches in which single narrow bands, kept "
            "alone, are clearly better than chance on validation pictures, and which of them are necessary."
        ),
        Unit.FREQUENCY,
    ),
    Column("parameters", "parameters", "Parameters of the detector.", hidden=True, derived=True),
    Column("view", "view", "Features that the detector receives.", hidden=True, derived=True),
    Column(
        "in_domain_auc",
        "in-domain\nAUC",
        (
            "AUC on test pictures of the training domain, mean over the draws. The 95 % interval is about this recipe on "
            f"this population: {INTERVAL_OVER}."
        ),
        Unit.AUC,
        Better.HIGHER,
        interval=True,
        terminal=Terminal("in-domain", 1),
        latex="in-domain",
        mlflow=True,
    ),
    Column(
        "cross_domain_auc",
        "cross-domain\nAUC, mean",
        (
            "Mean AUC over the test domains of the row's set, with the band that was chosen on validation pictures of the"
            " training domain. Means over different sets are not comparable."
        ),
        Unit.AUC,
        Better.HIGHER,
        interval=True,
        terminal=Terminal("cross-\ndomain", 2),
        latex="cross-dom.",
        mlflow=True,
    ),
    Column(
        "worst_auc",
        "worst\ndomain AUC",
        (
            "Lowest AUC on a single other domain. The lowest of several estimates is too low on average, more so the more "
            "alike the domains are; the interval is one of the lowest true AUC."
        ),
        Unit.AUC,
        Better.HIGHER,
        interval=True,
        terminal=Terminal("worst", 3, bounds_wide=True),
        latex="worst",
        mlflow=True,
    ),
    Column("worst_domain", "worst on", "The other domain with the lowest AUC."),
    Column(
        "later_auc",
        "later\ngenerators",
        (
            "Mean AUC over the other test domains whose generators came out after those of all training domains; empty with a "
            "reason where a training domain has no release date or none of the others is later."
        ),
        Unit.AUC,
        Better.HIGHER,
        interval=True,
    ),
    Column(
        "gain",
        "gain over\nall-pass",
        (
            "Headline AUC (cross-domain, else in-domain) minus that of the same detector with all frequencies; the interval "
            "is paired by test picture and by draw."
        ),
        Unit.DIFFERENCE,
        Better.HIGHER,
        interval=True,
        terminal=Terminal("gain", 4, bounds_wide=True),
        latex="gain",
        mlflow=True,
    ),
    Column(
        "oracle_auc",
        "oracle\nAUC",
        (
            "Headline AUC with the best evaluated band of each test domain. The choice uses the test labels, so the "
            "number is too optimistic."
        ),
        Unit.AUC,
        Better.HIGHER,
        terminal=Terminal("oracle", 4, below=True),
        hindsight=True,
        mlflow=True,
    ),
    Column(
        "allpass_auc",
        meaning="Headline AUC of the same detector with all frequencies.",
        unit=Unit.AUC,
        better=Better.HIGHER,
        mlflow=True,
    ),
    Column(
        "gap",
        "oracle\ngap",
        (
            "Oracle AUC minus headline AUC: the cost of choosing the band on the training domain alone. The oracle's band is "
            "the best of all on these very test pictures, so the gap is too large; the interval is one of the difference "
            "between these two bands and does not correct that."
        ),
        Unit.DIFFERENCE,
        Better.LOWER,
        interval=True,
        hindsight=True,
    ),
    Column(
        "draw_sd",
        "SD between\ndraws",
        "Standard deviation of the headline AUC between the draws of training pictures; none with one draw.",
        Unit.AUC,
        Better.LOWER,
        terminal=Terminal("draw SD", 2, below=True, wide=True),
        mlflow=True,
    ),
    Column(
        "left_out",
        "left-out\nAUC",
        (
            "For each test domain, the band with the best mean AUC on the other test domains is chosen; mean of its AUCs."
            " Candidates are the narrow bands of the sweep and the bands that have a row."
        ),
        Unit.AUC,
        Better.HIGHER,
        hidden=True,
        hindsight=True,
        derived=True,
    ),
    Column(
        "left_out_gap",
        "left-out\ngap",
        (
            "Left-out AUC minus headline AUC: the gain from choosing the band on other domains instead of the training "
            "domain. Negative if the training domain gave the better band."
        ),
        Unit.DIFFERENCE,
        Better.LOWER,
        hidden=True,
        hindsight=True,
        derived=True,
    ),
    Column(
        "threshold",
        "cross-domain\nfalse alarms",
        (
            "False-alarm rate on other domains (mean), at the threshold that gives 1 % false alarms on validation "
            "pictures of the training domain. Second line: the detection rate there."
        ),
        Unit.SHARE,
        Better.LOWER,
        derived=True,
    ),
    Column(
        "calibration",
        "cross-domain\ncalibr. error",
        (
            "Mean distance between the predicted probability of fake and the observed share of fakes on the other "
            "domains, calibrated on the training domain. 0 is best; chance alone gives a little more than 0."
        ),
        Unit.SHARE,
        Better.LOWER,
        hidden=True,
        derived=True,
    ),
    Column(
        "coverage",
        "coverage",
        "Share of the test pictures that have a score.",
        Unit.SHARE,
        Better.HIGHER,
        terminal=Terminal("coverage", 6, wide=True),
        mlflow=True,
    ),
    Column(
        "reals_spread",
        "spread\nover reals",
        "Largest less smallest headline AUC over the choice of the reals: one source for all test domains. Unknown with one.",
        Unit.DIFFERENCE,
        Better.LOWER,
        mlflow=True,
    ),
    Column("worst_reals", "worst\nreals", "Source of reals with the smallest headline AUC.", hidden=True),
    Column("n_tests", "tested on", "Number of test domains of the row, out of those of its study.", Unit.COUNT, derived=True),
    Column(
        "ms_per_picture",
        "ms per\npicture",
        "Time per picture for reading, decoding, transforming and scoring, on the machine that computed the row.",
        Unit.MILLISECONDS,
        Better.LOWER,
        terminal=Terminal("ms/picture", 5, below=True, wide=True),
        mlflow=True,
    ),
    Column(
        "score_ms",
        "detector\nalone, ms",
        (
            "The part of the time per picture that the detector takes for scoring; the other parts are the same for all "
            "detectors."
        ),
        Unit.MILLISECONDS,
        Better.LOWER,
        hidden=True,
    ),
    Column(
        "model_bytes",
        "model,\nkB",
        "Size of the saved model: one fitted detector with its calibration, without the weights of an encoder.",
        Unit.BYTES,
        Better.LOWER,
        hidden=True,
        mlflow=True,
    ),
    Column(
        "fit_seconds",
        "fit, s",
        "Time of a fit in seconds, mean over the draws.",
        Unit.SECONDS,
        Better.LOWER,
        terminal=Terminal("fit s", 5, wide=True),
        hidden=True,
        mlflow=True,
    ),
    Column(
        "seeds",
        "draws",
        "Number of draws of training and validation pictures; every number is a mean over them.",
        Unit.COUNT,
        hidden=True,
    ),
    Column(
        "train_overlap",
        "overlap\nof draws",
        (
            "Share of training pictures that two draws have in common. Draws that overlap differ too little, and the intervals "
            "correct that. From 0.9 on the draws differ by the seed of the detector alone, and the intervals are about these "
            "training pictures."
        ),
        Unit.SHARE,
        hidden=True,
    ),
    Column("set_name", "set", "The set of test domains over which the headline is a mean.", hidden=True, derived=True),
    Column(
        "split_id",
        "splits",
        (
            "Short digest of the split lists. It is equal for rows with the same splits of the training domain and the "
            "test pictures."
        ),
        terminal=Terminal("splits", 6, below=True, wide=True),
    ),
    Column(
        "origin",
        "origin",
        (
            "Recorded here: the scores were computed by this program. Submitted: the scores were submitted, and every "
            "number was computed from them. Verified: a run recorded here gives the same scores."
        ),
        derived=True,
    ),
    Column("study", "study", "The study that the row belongs to."),
    Column(
        "flags",
        "to note",
        (
            "Warnings: the number of test pictures that look like training pictures; missing parts of the data or bands; "
            "the number of training pictures that were left out because they share a clip or an identity with held-out "
            "pictures."
        ),
        Unit.COUNT,
        derived=True,
    ),
    # Of CSV, JSON and the terminal.
    Column(
        "id", meaning="Short name of the row, by which commands and Python find it; its first digits do if they are unique."
    ),
    # Of CSV and JSON alone.
    Column("role", meaning="`chosen` by the search, `allpass` (all frequencies) or `fixed` by the study."),
    Column(
        "evidence",
        meaning=(
            "Stretches of the frequency axis that carry evidence: `low`, `high`, `sufficient` (narrow bands there, kept "
            "alone, are clearly above 0.5) and `necessary` (without a narrow band there the AUC is clearly lower; null where "
            "no band was taken out). An empty list: none found; null: not asked."
        ),
        unit=Unit.FREQUENCY,
    ),
    Column(
        "plateau",
        meaning="Stretch on which tried bands no wider than the chosen one tie with it; empty for all-pass, `stop` and combs.",
        unit=Unit.FREQUENCY,
    ),
    Column("swept", meaning="True if the study has a sweep of narrow bands, so that evidence was looked for."),
    Column("rule", meaning="Rule by which the band was chosen."),
    Column("control", meaning="True for a control, which is a reference and no contestant."),
    Column("random_encoder", meaning="True for a detector on a frozen encoder with random weights."),
    Column("rank_low", meaning="Best rank that is compatible with the noise; empty without a rank.", unit=Unit.COUNT),
    Column("rank_high", meaning="Worst rank that is compatible with the noise.", unit=Unit.COUNT),
    Column(
        "tie_group", meaning="Number of the tie group; its rows are not significantly worse than its best.", unit=Unit.COUNT
    ),
    Column("rank_reason", meaning="Reason why the row has no rank."),
    Column("marks", meaning="Codes of the reasons to doubt the row, see docs/explanation/methods.md."),
    Column("shortcut", meaning="Separation of the classes by facts of the training domain's files alone."),
    Column("selection", meaning="Validation pictures on which the band was chosen, see `results/selection.py`."),
    Column("shots", meaning="Training pictures per class of the target domain; 0 if none of them was used.", unit=Unit.COUNT),
    Column("not_counted", meaning="Test domains that the protocol of the study leaves out of the headline."),
    Column("gaps", meaning="Bands that could not be scored."),
    Column("settings", meaning="Short digest of the settings that change a row."),
    Column("variant", meaning="Short digest of the settings and of all pictures that change the row."),
    Column("cell", meaning="Key of the cell: detector, data and settings."),
    Column("finished", meaning="Time at which the cell was finished, since the epoch.", unit=Unit.SECONDS),
    Column("dropped_leaks", meaning="Training and validation pictures that the leak guard left out.", unit=Unit.COUNT),
    Column("missing", meaning="Parts of the data sets that are missing."),
    Column("reals_rank_low", meaning="Best rank of the row over the choice of the reals; on a board alone.", unit=Unit.COUNT),
    Column("reals_rank_high", meaning="Worst rank of the row over the choice of the reals; on a board alone.", unit=Unit.COUNT),
    Column("later_reason", meaning="Code of the reason why `later_auc` is empty; on a board alone."),
    Column("released", meaning="Release dates of the generators, by training or test domain, of those that have one."),
    Column("reported", meaning="Published numbers of the detector beside the measured; docs/howto/reading_a_board.md."),
    Column("run_id", meaning="MLflow run of the cell."),
    Column("current", meaning="With `--all`: false for an earlier variant."),
    Column("source", meaning="`recorded` or `submitted`."),
    Column("verified", meaning="True if a recorded run gives the submitted scores."),
    Column("submission", meaning="Name, authors, contact, address, description, licence and notes of a submission."),
)

# In the order of the page.
TEST_COLUMNS: tuple[Column, ...] = (
    Column("domain", "test domain", "Name of the test domain."),
    Column(
        "auc",
        "AUC",
        f"Area under the ROC curve of the test pictures, mean over the draws. The 95 % interval is {INTERVAL_OVER}.",
        Unit.AUC,
        Better.HIGHER,
        interval=True,
        mlflow=True,
    ),
    Column("allpass_auc", "all-pass", "The same detector with all frequencies.", Unit.AUC, Better.HIGHER),
    Column("oracle_auc", "oracle", "With the best tried band of this domain.", Unit.AUC, Better.HIGHER, hindsight=True),
    Column("oracle_band", "best band there", "The best tried band of this domain.", Unit.FREQUENCY, hindsight=True),
    Column(
        "draw_sd",
        "SD between draws",
        "Standard deviation of the AUC between the draws of training pictures; none with one draw.",
        Unit.AUC,
        Better.LOWER,
        hidden=True,
    ),
    Column("n", "pictures", "Test pictures.", Unit.COUNT),
    Column("coverage", "coverage", "Share of the test pictures that have a score.", Unit.SHARE, Better.HIGHER),
    Column(
        "lookalikes",
        "look-alikes",
        "Test pictures that look like training or validation pictures.",
        Unit.COUNT,
        Better.LOWER,
    ),
    Column("shortcut", meaning="Separation of the classes by facts of the test domain's files alone."),
    Column(
        "by_reals",
        meaning="AUC, interval, number of reals, false alarms and audit of files of the fakes against each source of reals.",
    ),
    Column("released", meaning="Release date of the generator; empty where it is unknown."),
    Column("split_list", meaning="Digest of the test items."),
    Column("pictures", meaning="Digest of the contents of the test pictures."),
)

# Of test domains whose pictures are frames of clips, besides the above.
CLIP_COLUMNS: tuple[Column, ...] = (
    Column("clips", meaning="Rule that pools the scores of a clip's frames: `mean`, `vote` or `top_third`."),
    Column("n_clips", "clips", "Clips that have a scored frame.", Unit.COUNT),
    Column(
        "clip_auc",
        "AUC",
        f"Area under the ROC curve of the clips, mean over the draws. The 95 % interval is {INTERVAL_OVER}.",
        Unit.AUC,
        Better.HIGHER,
        interval=True,
        mlflow=True,
    ),
    Column(
        "clip_balanced_accuracy",
        "balanced\naccuracy",
        "Mean of the two classes' accuracies on clips: at a majority of the votes, else at the threshold that is best on "
        "validation clips of the training domain.",
        Unit.SHARE,
        Better.HIGHER,
        interval=True,
        mlflow=True,
    ),
    *(_clip_rate(name, rate) for name, rate in RATES.items()),
    Column("clip_problem", meaning="Reason why there are no numbers per clip."),
)
CLIP_ROW_COLUMNS: tuple[Column, ...] = (
    Column(
        "in_domain_clip_auc",
        "in-domain\nAUC, clips",
        "On test clips of the training domain: one score per clip, pooled from its frames by the rule of the study. Of a pool, "
        "the mean over its domains; unknown where one of them has no clips.",
        Unit.AUC,
        Better.HIGHER,
        interval=True,
        mlflow=True,
    ),
    Column(
        "cross_domain_clip_auc",
        "cross-domain\nAUC, clips",
        "Mean over the other test domains of the AUC of their clips; unknown where one of them has no clips.",
        Unit.AUC,
        Better.HIGHER,
        interval=True,
        mlflow=True,
    ),
)


def row_columns() -> tuple[Column, ...]:
    """Columns of a row, in the order of the page: those of every row, then metrics that a board shows."""
    return (*ROW_COLUMNS, *board_metrics())


def test_columns() -> tuple[Column, ...]:
    """Columns of a test result, in the order of the page: metrics stand between AUCs and counts."""
    cut = next(i for i, column in enumerate(TEST_COLUMNS) if column.unit is Unit.COUNT)
    return (*TEST_COLUMNS[:cut], *METRICS, *TEST_COLUMNS[cut:])


test_columns.__test__ = False  # pyright: ignore[reportFunctionMemberAccess]


def board_metrics() -> tuple[Metric, ...]:
    """Metrics that rows have, too."""
    return tuple(metric for metric in METRICS if metric.board)


def measured(verdicts: Verdicts) -> dict[str, float]:
    """Compute every metric of one scored item set, by name; NaN where it is undefined."""
    return {metric.name: metric.measure(verdicts) for metric in METRICS}


def metric_name(domain: str, name: str) -> str:
    """Return the name of a test metric in MLflow, which takes word characters, space and ``/ . - :`` only."""
    return "/".join(["test", re.sub(r"[^/ .:\w-]", " ", domain), name])
