"""``bench embeddings``: vectors of pictures with their ids, in a file for other programs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..analysis.embeddings import SUFFIXES, EmbeddingOptions, Embeddings, embed, selection
from ..domains.catalogue import Catalogue, OpenDomain
from ..domains.names import dataset_name
from ..errors import BenchError, DataError
from ..frequency.bands import Band
from ..invocation import bench
from ..pictures.crops import CropSpec
from ..registry import datasets
from ..store.files import dump_json
from ..workers import running_workers
from . import completion
from .arguments import GivenData, parse_data, parse_detector
from .commands import STDOUT
from .options import BandOption, DataOption, JobsOption, JsonOption, SplitChoice, check_target, jobs_of, write_text
from .progress import ScreenReporter
from .provenance import print_remarks, print_unusable
from .report import print_problems


def embeddings(
    domains: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DOMAIN...", help="One class is enough. (default: those of --data)", autocompletion=completion.domains
        ),
    ] = None,
    detector: Annotated[
        str, typer.Option(metavar="NAME", help="Whose view: clip_probe, dino_probe, name/preset … See bench list detectors.")
    ] = "clip_probe",
    param: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Parameter of the detector. Repeatable.")
    ] = None,
    data: DataOption = None,
    split: Annotated[SplitChoice, typer.Option(help="Which pictures.")] = SplitChoice.all,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most so many pictures per class and domain. (default: all)")
    ] = None,
    band: BandOption = "all",
    order: Annotated[int, typer.Option(help="Butterworth order of the band, by which the pictures are filtered.")] = 1,
    crop: Annotated[int, typer.Option(metavar="N", help="Side of the square window cut from each picture, in pixels.")] = 128,
    tiles: Annotated[
        int, typer.Option(metavar="N", help="Windows per picture, whose vectors are averaged; 1: the middle.", min=1)
    ] = 1,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Of computed pictures, of splits and of --limit.")] = 0,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Ends in .parquet or .npz.")] = Path("embeddings.parquet"),
    jobs: JobsOption = None,
    json_file: JsonOption = None,
) -> None:
    """Export the vectors that a detector is handed, the embeddings of a frozen encoder say, with the pictures' ids."""
    console = Console(stderr=True)
    for target in (json_file, str(out)):
        check_target(target)
    with ScreenReporter(console) as reporter:
        reporter.stage("reading the domains", None)
        if out.suffix not in SUFFIXES or out.is_dir():
            raise BenchError(f"--out is a file that ends in {' or '.join(SUFFIXES)}, got {out}.")
        options = EmbeddingOptions(
            parse_detector(detector, param),
            Band.parse(band, crop, order=order, mode="pixels"),
            CropSpec(crop, "centre" if tiles == 1 else "tiles", tiles),
            split.value,
            limit,
            seed,
        )
        opened, left_out = _open(domains or [], parse_data(data), options)
        with running_workers(jobs_of(jobs)) as workers:
            found = embed(opened, options, workers, reporter)
        reporter.stage("writing", None)
        found.save(out)
    if json_file:
        write_text(json_file, dump_json({"file": str(out), **_summary(found), **found.about}))
    if json_file != STDOUT:
        facts = _summary(found)
        domain = "1 domain" if len(opened) == 1 else f"{len(opened)} domains"
        text = f"{out}: {facts['pictures']} pictures of {domain}, vectors of {facts['features']} numbers."
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    print_unusable(left_out, console)
    print_problems(found.problems, console)
    print_remarks(opened, console)
    raise typer.Exit(3 if found.problems else 0)


def _open(names: list[str], data: GivenData, options: EmbeddingOptions) -> tuple[list[OpenDomain], dict[str, str]]:
    """Domains, and those of whole data sets that are left out, with the reasons."""
    given = [datasets.get(name).name if ":" in name else name for name in data.folders]
    catalogue = Catalogue(data.folders, data.options)

    def opened(name: str) -> OpenDomain:
        return catalogue.domain(name, options.seed, any_split=options.split == "all")

    chosen = catalogue.choose(names or given, options.seed, lambda name: _lacks(opened(name), options))
    if not chosen.domains:
        example = bench("embeddings procedural/planted --detector clip_probe/random")
        raise DataError(f"no domain is named; try `{example}`, or --data mine=DIR for your own pictures.")
    for name in given:
        if name not in map(dataset_name, chosen.domains):
            raise DataError(f"--data {name} is not used; name {name} among the domains, or leave it out.")
    return [opened(name) for name in chosen.domains], chosen.left_out


def _lacks(domain: OpenDomain, options: EmbeddingOptions) -> str:
    selection(domain, options)  # refuses a domain without pictures
    return ""


def _summary(found: Embeddings) -> dict[str, int]:
    n = len(found.items)
    return {"pictures": n - len(found.problems), "skipped": len(found.problems), "features": found.vectors.shape[1]}
