"""Files that a run reads besides its cache, compared between a client and the workers of its cluster."""

import itertools
from collections.abc import Iterable
from pathlib import Path

from ..cluster.session import Probe
from ..errors import BenchError
from ..registry import ROOT_PACKAGE, DetectorSpec, datasets, detectors, source_digest
from .catalogue import DatasetSpec

MOST_ENTRIES = 1000  # of a folder that are counted
KINDS = {"dataset": datasets, "detector": detectors}


def files_probe(of_data: Iterable[DatasetSpec], of_detectors: Iterable[DetectorSpec] = (), files: Iterable[str] = ()) -> Probe:
    """
    Return a probe of the folders of data sets, the files that parameters name, and the code of plugins of other packages.

    Parameters
    ----------
    of_data : iterable of DatasetSpec
    of_detectors : iterable of DetectorSpec
    files : iterable of str
        Further ones.
    """
    sets, fitted = list(of_data), list(of_detectors)
    plugins = {("dataset", spec.reference): datasets.get(spec.reference) for spec in sets}
    plugins |= {("detector", spec.reference): spec.plugin for spec in fitted}
    foreign = [key for key, plugin in plugins.items() if plugin.__module__.partition(".")[0] != ROOT_PACKAGE]
    paths = [*files, *(spec.root for spec in sets if spec.root)]
    values = [value for spec in sets for value in spec.options.values()]
    values += [value for spec in fitted for value in spec.build().parameters().values()]
    paths += [value for value in map(str, values) if "/" in value and Path(value).exists()]
    return Probe(what_is_here, (tuple(dict.fromkeys(paths)), tuple(foreign)))


def what_is_here(paths: Iterable[str], plugins: Iterable[tuple[str, str]]) -> dict[str, str]:
    """
    Describe files, folders and plugins as they are on this machine.

    Parameters
    ----------
    paths : iterable of str
    plugins : iterable of (kind, reference)

    Returns
    -------
    dict of str to str
        Description by subject of a sentence.
    """
    return dict(itertools.chain(map(_path, paths), map(_plugin, plugins)))


def _path(text: str) -> tuple[str, str]:
    path, subject = Path(text), f"the path {text}"
    try:
        if path.is_dir():
            n = sum(1 for _ in itertools.islice(path.iterdir(), MOST_ENTRIES))
            return subject, f"a folder with {n}{' or more' * (n == MOST_ENTRIES)} entries"
        return subject, f"a file of {path.stat().st_size} bytes"
    except FileNotFoundError:
        return subject, "missing"
    except OSError as error:
        return subject, f"unreadable ({error.strerror})"


def _plugin(key: tuple[str, str]) -> tuple[str, str]:
    kind, reference = key
    subject = f"the code of the {kind} {reference}"
    try:
        return subject, f"version {source_digest(KINDS[kind].get(reference))}"
    except BenchError as error:
        return subject, f"unusable ({str(error).rstrip('.')})"
