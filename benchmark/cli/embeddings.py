"""``bench embeddings``: vectors of pictures with their ids, in a file for other programs."""

import typer
from rich.console import Console

from ...api.data import GivenData
from ...api.progress import ScreenReporter
from ..analysis.embeddings import SUFFIXES, EmbeddingOptions, Embeddings, embed, selection
from ..domains.catalogue import Catalogue, OpenDomain, lost_sources
from ..domains.names import dataset_name
from ..errors import BenchError, DataError
from ..frequency.bands import Band
from ..invocation import bench
from ..pictures.crops import CropSpec
from ..registry import datasets
from ..store.files import dump_json
from ..workers import running_workers
from .arguments import data_words, parse_data, parse_detector
from .commands import STDOUT
from .options import check_target, check_text_target, jobs_of, write_text
from .provenance import print_lost, print_remarks, print_unusable
from .report import print_problems
from .requests.pictures import EmbeddingsRequest


def embeddings(request: EmbeddingsRequest) -> None:
    """Export the vectors that a detector is handed, the embeddings of a frozen encoder say, with the pictures' ids."""
    console = Console(stderr=True)
    check_text_target(request.json_file)
    check_target(str(request.out))
    with ScreenReporter(console) as reporter:
        reporter.stage("reading the domains", None)
        if request.out.suffix not in SUFFIXES or request.out.is_dir():
            raise BenchError(f"--out is a file that ends in {' or '.join(SUFFIXES)}, got {request.out}.")
        options = EmbeddingOptions(
            parse_detector(request.detector, request.param),
            Band.parse(request.band, request.crop, order=request.order, mode="pixels"),
            CropSpec(request.crop, "centre" if request.tiles == 1 else "tiles", request.tiles),
            request.split.value,
            request.limit,
            request.seed,
        )
        located = parse_data(data_words(request.data, request.groups, request.group_by))
        opened, left_out = _open(request.domains or [], located, options)
        with running_workers(jobs_of(request.jobs)) as workers:
            result = embed(opened, options, workers, reporter)
        reporter.stage("writing", None)
        result.save(request.out)
    if request.json_file:
        write_text(request.json_file, dump_json({"file": str(request.out), **_summary(result), **result.about}))
    if request.json_file != STDOUT:
        facts = _summary(result)
        domain = "1 domain" if len(opened) == 1 else f"{len(opened)} domains"
        text = f"{request.out}: {facts['pictures']} pictures of {domain}, vectors of {facts['features']} numbers."
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    print_unusable(left_out, console)
    print_problems(result.problems, console)
    lost = lost_sources(opened)
    print_lost(lost, console)
    print_remarks(opened, console)
    raise typer.Exit(3 if result.problems or lost else 0)


def _open(names: list[str], data: GivenData, options: EmbeddingOptions) -> tuple[list[OpenDomain], dict[str, str]]:
    """Return the domains, and the reasons of those left out of whole data sets."""
    named = [datasets.get(name).name if ":" in name else name for name in data.folders]
    catalogue = Catalogue(data.folders, data.options)

    def opened(name: str) -> OpenDomain:
        return catalogue.domain(name, options.seed, any_split=options.split == "all")

    chosen = catalogue.choose(names or named, options.seed, lambda name: _lacks(opened(name), options))
    if not chosen.domains:
        example = bench("embeddings procedural/planted --detector clip_probe/random")
        raise DataError(f"no domain is named; try `{example}`, or --data mine=DIR for your own pictures.")
    for name in named:
        if name not in map(dataset_name, chosen.domains):
            raise DataError(f"--data {name} is not used; name {name} among the domains, or leave it out.")
    return [opened(name) for name in chosen.domains], chosen.left_out


def _lacks(domain: OpenDomain, options: EmbeddingOptions) -> str:
    selection(domain, options)  # refuses a domain without pictures
    return ""


def _summary(found: Embeddings) -> dict[str, int]:
    n = len(found.items)
    return {"pictures": n - len(found.problems), "skipped": len(found.problems), "features": found.vectors.shape[1]}
