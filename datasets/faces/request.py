"""Request for a preparation: its settings, sources and folder, checked before the work starts."""

import copy
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from ...benchmark.errors import DataError, unknown_name
from ..copies.prepared import Preparation, default_folder
from ..copies.settings import Settings
from ..copies.sources import SourceDataset
from ..copies.survey import Source, Survey


def merge_settings(dataset: SourceDataset, given: Mapping[str, Any]) -> Settings:
    """
    Merge the defaults, the settings that the adapter prefers, and those of the user; later ones win.

    Parameters
    ----------
    dataset : SourceDataset
    given : dict
        Fields of `Settings` from the user; None counts as not given. Of ``frames`` and ``every``, one replaces the other.

    Returns
    -------
    Settings

    Raises
    ------
    DataError
        If a value makes no sense.
    """
    merged: dict[str, Any] = {}
    for layer in (dataset.preparation, given):
        values = {name: value for name, value in layer.items() if value is not None}
        if values.get("every") and "frames" not in values:
            values["frames"] = 0
        elif values.get("frames") and "every" not in values:
            values["every"] = 0
        merged |= values
    return Settings(**merged)


def with_weights(settings: Settings, weights: Path | None) -> Settings:
    """
    Add the SHA-256 of the finder's weights to the settings, because other weights find other faces.

    Raises
    ------
    DataError
        If the file cannot be read, or the finder takes none.
    """
    if weights is None:
        return settings
    if settings.faces in ("haar", "none"):
        raise DataError(f"faces={settings.faces} takes no weights; leave them out, or choose yunet or retinaface.")
    try:
        with weights.open("rb") as file:
            return replace(settings, weights=hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise DataError(f"cannot read the weights {weights} ({error.strerror}); check the path.") from error


def checked_survey(dataset: SourceDataset) -> Survey:
    """
    List the sources below the root of a data set.

    Returns
    -------
    Survey
        As the root is now, whatever was prepared from it.

    Raises
    ------
    DataError
        If the root holds no source or is a prepared folder, or if the adapter lists a source inside of another one.
    """
    preparation = Preparation.at(dataset.folder)
    if preparation:
        raise DataError(
            f"{dataset.root} holds crops of {preparation.dataset} already; give the folder that they were made from "
            f"({preparation.manifest['root']}), or use them: --data {preparation.dataset}={dataset.root}."
        )
    survey = dataset.survey_now()
    ids = {source.id for source in survey.sources}
    for source in survey.sources:
        outer = next((str(parent) for parent in PurePosixPath(source.id).parents if str(parent) in ids), None)
        if outer:
            raise DataError(
                f"the adapter of {dataset.name} lists {outer} and also {source.id}, which lies in it; a source may not lie in "
                f"another one: list only one of them in its survey()."
            )
    return survey


def choose_sources(dataset: SourceDataset, survey: Survey, domains: Sequence[str]) -> list[Source]:
    """
    Select the sources of some domains, each source once.

    Parameters
    ----------
    dataset : SourceDataset
    survey : Survey
        Of the root as it is now.
    domains : sequence of str
        Variants, or what stands for several (`Dataset.find_variants`); all sources are selected if it is empty.

    Returns
    -------
    list of Source

    Raises
    ------
    DataError
        If there is no such variant.
    """
    if not domains:
        return list(survey.sources)
    present = copy.copy(dataset)
    present.__dict__["surveyed"] = survey  # instead of the survey that an earlier preparation stored
    chosen: set[str] = set()
    for domain in domains:
        name = domain.removeprefix(f"{dataset.name}/")
        variants = present.find_variants(name)
        if not variants:
            raise DataError(unknown_name(f"domain of {dataset.name}", name, present.variants()))
        chosen |= set(variants)
    return [source for source in survey.sources if chosen & set(source.domains)]


def checked_folder(dataset: SourceDataset, settings: Settings, out: Path | None) -> Path:
    """
    Return the absolute path of the folder for the crops.

    Parameters
    ----------
    dataset : SourceDataset
    settings : Settings
    out : Path, optional
        Folder that the user asks for; without one, the default folder of the data set, root and settings.

    Raises
    ------
    DataError
        If the folder holds something else or crops of other settings, or if it and the root lie one inside the other, so that
        crops would be taken for a part of the data set.
    """
    folder = (out or default_folder(dataset.origin, settings)).expanduser().absolute()
    place, data = folder.resolve(), dataset.folder.resolve()
    if place.is_relative_to(data) or data.is_relative_to(place):
        raise DataError(
            f"{folder} and the data in {dataset.root} lie one inside the other; give a folder elsewhere with --out."
        )
    Preparation.check(folder, dataset.origin, dataset.version, settings)
    return folder
