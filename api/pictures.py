"""`bandbench.spectra` and `bandbench.audit`: the pictures of domains, without a detector and with two."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..benchmark.analysis.mean_spectra import SpectraOptions
from ..benchmark.workers import warm_up
from .audits import CROP, DRAWS, QUALITY, Audit, audit_domains
from .data import Folders, Groups, given_data
from .notes import remark_lines
from .options import OptionError, as_choice, as_count, as_detectors, as_jobs, as_names, public
from .progress import reporting
from .spectra import Spectra, measure_spectra

SPLITS = ("all", "train", "val", "test")


@public
def spectra(
    domains: str | Sequence[str] | None = None,
    *,
    data: Folders | None = None,
    groups: Groups | None = None,
    group_by: Groups | None = None,
    reference: str | None = None,
    split: str = "all",
    crop: int = 128,
    limit: int | None = None,
    seed: int = 0,
    per_channel: bool = False,
    faithful: bool = False,
    jobs: int | None = None,
    progress: bool = True,
) -> Spectra:
    """
    Average the spectra of the real and fake pictures of some domains, as ``bench spectra`` does.

    Parameters
    ----------
    domains : str or list of str, optional
        Domains; the first is the reference. Those of `data` for None.
    data, groups, group_by
        See `bandbench.run`.
    reference : str, optional
        Domain that the others are compared with, instead of the first one.
    split : {"all", "train", "val", "test"}
        Of the pictures.
    crop : int
        Side of the square window cut from each picture, in pixels.
    limit : int, optional
        Largest number of pictures per class and domain.
    seed : int
        Of computed pictures, of splits and of `limit`.
    per_channel : bool
        Compute the DCT of red, green and blue separately.
    faithful : bool
        Use the published statistics: means of signed and complex coefficients.
    jobs, progress
        See `bandbench.run`.

    Returns
    -------
    Spectra

    Raises
    ------
    BenchError
        If a domain is unknown, none is named, or a class of one has no usable picture. A single picture that cannot be used
        does not raise: see `Spectra.problems`.

    Examples
    --------
    ::

        bb.spectra(["procedural/bilinear", "procedural/nearest"]).plot("density_error")
    """
    options = SpectraOptions(
        as_choice("split", split, SPLITS),
        as_count("crop", crop, 1),
        "published" if faithful else "clean",
        per_channel,
        None if limit is None else as_count("limit", limit, 1),
        as_count("seed", seed),
    )
    given, n_jobs = given_data(data, groups, group_by), as_jobs(jobs)
    with reporting(progress) as reporter:
        warm_up()
        measured = measure_spectra(as_names("domains", domains), reference, given, options, jobs=n_jobs, reporter=reporter)
    return replace(measured, notes=(*reporter.notes, *remark_lines(measured.opened)))


@public
def audit(
    domains: str | Sequence[str] | None = None,
    *,
    data: Folders | None = None,
    groups: Groups | None = None,
    group_by: Groups | None = None,
    detector: Any = None,
    quality: int = QUALITY,
    crop: int = CROP,
    draws: int = DRAWS,
    seed: int = 0,
    jobs: int | None = None,
    progress: bool = True,
) -> Audit:
    """
    Test if the classes of a domain can be told by their files, and if detectors lose when all are stored alike.

    Parameters
    ----------
    domains : str or list of str, optional
        Those of `data` for None.
    data, groups, group_by
        See `bandbench.run`.
    detector : str, class, mapping or list of them, optional
        Detectors to fit before and after; spectral_svm and dct_ridge for None.
    quality : int
        JPEG quality at which all pictures are stored alike, from 1 to 100.
    crop : int
        Side of the crops, in pixels; less where pictures are smaller.
    draws : int
        Of training pictures.
    seed : int
        Of computed pictures and of splits.
    jobs, progress
        See `bandbench.run`.

    Returns
    -------
    Audit

    Raises
    ------
    BenchError
        If a domain is unknown or none is named, a class is missing, or a detector fails.
    """
    if not 1 <= as_count("quality", quality) <= 100:
        raise OptionError(f"quality is a JPEG quality from 1 to 100, got {quality}.")
    given, n_jobs = given_data(data, groups, group_by), as_jobs(jobs)
    with reporting(progress) as reporter:
        audited = audit_domains(
            as_names("domains", domains),
            given,
            as_detectors(detector),
            quality=quality,
            crop=as_count("crop", crop, 16),
            draws=as_count("draws", draws, 1),
            seed=as_count("seed", seed),
            jobs=n_jobs,
            reporter=reporter,
        )
    return replace(audited, notes=(*reporter.notes, *remark_lines(audited.domains)))
