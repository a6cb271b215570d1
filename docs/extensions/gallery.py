"""Gallery: every kind of figure, the command that draws it, and the picture of it below ``docs/images``."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """
    A kind of figure.

    Attributes
    ----------
    name : str
        File in ``docs/images``, without suffix.
    title, about : str
    command : str
        Command that draws it; it may take several lines.
    found : str
        Pattern of the file that the command writes: below the artifacts of a study (``STUDY/*/artifacts/…``), else below the
        working folder. Empty for a picture of a screen.
    cell : tuple of str
        Detector and training domain, where each cell of the study has such a figure.
    """

    name: str
    title: str
    about: str
    command: str
    found: str = ""
    cell: tuple[str, str] | None = None


PLANTED = ("spectral_svm", "procedural/planted")
SPECTRA = "bench spectra procedural/zeroinsert procedural/planted --crop 64"
ATTRIBUTION = (
    "bench train dct_mlp --task attribution --train procedural/nearest \\\n"
    "    --train procedural/zeroinsert --train procedural/blend --out model"
)
FIGURES: dict[str, tuple[Figure, ...]] = {
    "Where the evidence is": (
        Figure(
            "sweep",
            "Sweep",
            "Validation AUC as a narrow band moves over the frequencies. Orange: the evidence; green: the chosen band.",
            "bench run band_search",
            "band_search/*/artifacts/sweep.png",
            PLANTED,
        ),
        Figure(
            "spectrum",
            "Spectrum",
            "Mean spectra of the training pictures with the chosen band.",
            "bench run band_search",
            "band_search/*/artifacts/spectrum.png",
            PLANTED,
        ),
        Figure(
            "cell_band_transfer",
            "Band transfer of a cell",
            "AUC of each narrow band on every test domain.",
            "bench run band_search",
            "band_search/*/artifacts/band_transfer.png",
            PLANTED,
        ),
        Figure(
            "carriers",
            "Peaks, continuum or phases",
            "AUC on combs, without them, and under attacks on the spectrum.",
            "bench run peaks_or_continuum",
            "peaks_or_continuum/*/artifacts/carriers.png",
        ),
    ),
    "Transfer and robustness": (
        Figure(
            "train_x_test",
            "Train x test",
            "Test AUC of each cell's chosen band on each test domain.",
            "bench run band_search",
            "band_search/*/artifacts/train_x_test.png",
        ),
        Figure(
            "robustness",
            "Robustness",
            "AUC under each of the `perturbations` of a study; the shipped study `robustness` has many.",
            "bench run perturbed.yaml",
            "perturbed/*/artifacts/robustness.png",
        ),
        Figure(
            "strength",
            "Strength of a perturbation",
            "A metric over the strength, for each perturbation with three strengths or more.",
            "bench run perturbed.yaml",
            "perturbed/*/artifacts/*jpeg*_auc.png",
        ),
        Figure(
            "shots",
            "Shots",
            "AUC over the number of pictures of the test domain in training: `shots: [0, 5, 20, 60]` in a study.",
            "bench run shots.yaml",
            "shots/*/artifacts/shots.png",
        ),
        Figure(
            "cost",
            "Cost",
            "AUC over the time for scoring a picture; the line joins detectors that no other beats in both.",
            "bench leaderboard --study band_search --figures figures --format png",
            "figures/cost-A.png",
        ),
    ),
    "Spectra of pictures": (
        Figure(
            "profile", "Radial profile", "Mean power over the frequency, and fakes minus reals.", SPECTRA, "spectra/profile.png"
        ),
        Figure("dct", "DCT", "Mean of the logarithm of each DCT coefficient.", SPECTRA, "spectra/dct.png"),
        Figure(
            "spectra_fft_highpass",
            "FFT after a high-pass",
            "Regular patterns of up-sampling are peaks; isolated ones are circled.",
            SPECTRA,
            "spectra/fft_highpass.png",
        ),
        Figure(
            "density_error",
            "Density error",
            "Power of the fakes over power of the reals, minus one.",
            SPECTRA,
            "spectra/density_error.png",
        ),
        Figure(
            "mmd",
            "Discrepancy",
            "Distance of sets of embeddings, with permutation tests: `mmd: {}` in a study (extra `deep`).",
            "bench run discrepancy.yaml",
            "discrepancy/*/artifacts/mmd_*.png",
        ),
    ),
    "Data and models": (
        Figure(
            "mistakes",
            "Mistakes",
            "The reals and fakes that were most wrongly scored.",
            "bench run band_search",
            "band_search/*/artifacts/mistakes.png",
            PLANTED,
        ),
        Figure(
            "audit",
            "Audit of files",
            "Facts of the files that tell the classes, and detectors before and after both classes are stored alike.",
            "bench data audit mine --data mine=DIR --out audit",
            "audit/audit-*.png",
        ),
        Figure(
            "training",
            "Training",
            "Loss over the epochs of a network (extra `deep`).",
            ATTRIBUTION,
            "model/training.png",
        ),
        Figure(
            "confusion",
            "Confusion",
            "Which generator is taken for which: attribution.",
            "bench evaluate model --test procedural/nearest --test procedural/zeroinsert --test procedural/blend",
            "models/*/artifacts/**/confusion.png",
        ),
    ),
    "Screens": (
        Figure(
            "terminal_table",
            "Table in the terminal",
            "[Start](start/index.md#the-table) explains the columns.",
            "bench leaderboard --study band_search",
        ),
        Figure(
            "leaderboard_page",
            "Page",
            "One file that makes no network request.",
            "bench leaderboard --study band_search --html board.html",
        ),
        Figure(
            "band_transfer",
            "Band transfer on the page",
            "Two cells side by side: bands kept alone and bands removed.",
            "bench run band_transfer\nbench leaderboard --study band_transfer --html board.html",
        ),
        Figure(
            "mlflow_study", "MLflow: a study", "[Records in MLflow](howto/tracking.md) explains the screens.", "bench ui --open"
        ),
        Figure("mlflow_cell", "MLflow: a cell", "Description, metrics, data sets and artifacts.", "bench ui --open"),
    ),
}


def gallery_text() -> str:
    """Return the gallery as cards, which lead to the pictures in full size."""
    return "\n".join(f"## {title}\n\n{_grid(figures)}" for title, figures in FIGURES.items())


def _grid(figures: tuple[Figure, ...]) -> str:
    cards = "\n".join(_card(figure) for figure in figures)
    return f":::::{{grid}} 1 2 2 3\n:gutter: 3\n\n{cards}\n:::::\n"


def _card(figure: Figure) -> str:
    image = f"images/{figure.name}.png"
    return (
        f"::::{{grid-item-card}} {figure.title}\n\n"
        f"```{{image}} {image}\n:alt: {figure.title}\n:target: _images/{figure.name}.png\n:class: thumbnail\n```\n\n"
        f"{figure.about}\n\n```sh\n{figure.command}\n```\n::::\n"
    )
