"""Options of ``bench run`` and ``bench submit``."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, get_args

import typer

from .. import completion
from ..options import (
    AllowLookalikesOption,
    ClusterOption,
    DataOption,
    GroupByOption,
    GroupsOption,
    JobsOption,
    JsonOption,
    ReleasedOption,
    RowsCsvOption,
    TestsCsvOption,
    TrackingOption,
)


def _given(metavar: str, text: str, values: Callable[..., list[str]] | None = None) -> Any:
    """An option that replaces what the study says; `values` completes it in the shell."""
    return typer.Option(metavar=metavar, help=f"{text} (default: the study's)", autocompletion=values)


@dataclass(frozen=True)
class StudyRequest:
    """Options that ``bench run`` and ``bench submit`` share: what a study computes, and where that is kept."""

    reference: Annotated[
        str | None,
        typer.Argument(
            metavar="STUDY",
            help="A shipped study, or a YAML file. (default: band_search)",
            show_default=False,
            autocompletion=completion.studies,
        ),
    ] = None
    study: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="The study, given as an option.", autocompletion=completion.studies),
    ] = None
    name: Annotated[str | None, _given("NAME", "Record under this name, on a board of its own.")] = None
    data: DataOption = None
    groups: GroupsOption = None
    group_by: GroupByOption = None
    released: ReleasedOption = None
    detector: Annotated[
        list[str] | None, _given("NAME", "name, name/preset, file.py:Class, module:Class. Repeatable.", completion.detectors)
    ] = None
    train: Annotated[list[str] | None, _given("DOMAIN", "Domain to train on. Repeatable.", completion.domains)] = None
    test: Annotated[list[str] | None, _given("DOMAIN", "Domain to test on. Repeatable.", completion.domains)] = None
    reals: Annotated[
        list[str] | None,
        _given(
            "SOURCE",
            "Reals that the fakes are set against, too: a data set, a domain, or a folder of pictures. Repeatable.",
            completion.domains,
        ),
    ] = None
    trials: Annotated[int | None, _given("N", "Bands that the search tries per cell.")] = None
    seeds: Annotated[int | None, _given("N", "Draws of training and validation pictures.")] = None
    seed: Annotated[int | None, _given("N", "Seed of all random draws; it fixes the test pictures.")] = None
    mode: Annotated[str | None, _given("MODE", "What a band does: keep, reweight or pixels.")] = None
    crop: Annotated[int | None, _given("N", "Side of the square window cut from each picture, in pixels.")] = None
    clips: Annotated[str | None, _given("RULE", "Frames of a clip to one score: mean, vote or top_third.")] = None
    tracking_uri: TrackingOption = None
    storage: Annotated[str | None, typer.Option(metavar="URL", help="Database for the searches. (default: a journal file)")] = (
        None
    )
    drop_leaks: Annotated[
        bool,
        typer.Option("--drop-leaks", help="Leave out training pictures that share a clip or an identity with held-out ones."),
    ] = False
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Stop before any fit where format, size, quality or EXIF of the files tell fakes from reals."
        ),
    ] = False
    no_controls: Annotated[
        bool, typer.Option("--no-controls", help="Leave out the rows of the controls file_facts and permuted_labels.")
    ] = False
    allow_lookalikes: AllowLookalikesOption = False


@dataclass(frozen=True)
class RunRequest(StudyRequest):
    """Options of ``bench run``."""

    jobs: JobsOption = None
    cluster: ClusterOption = None
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N",
            help="Compute the cells of one of N shards only, I from 0; none: all cells. (default: the task of the SLURM array, "
            "else none)",
        ),
    ] = None
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute everything again instead of continuing.")] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and its size, do nothing.")] = False
    json_file: JsonOption = None
    csv_file: RowsCsvOption = None
    csv_tests: TestsCsvOption = None


@dataclass(frozen=True)
class SubmitRequest(StudyRequest):
    """Options of ``bench submit``."""

    shards: Annotated[int | None, typer.Option(metavar="N", help="Jobs that the cells are dealt out to.")] = None
    on: Annotated[
        str | None,
        typer.Option(metavar="PLACE", help="slurm, or local: processes of this machine. (default: slurm, if it is here)"),
    ] = None
    partition: Annotated[str | None, typer.Option(metavar="NAME", help="Partition of SLURM.")] = None
    account: Annotated[str | None, typer.Option(metavar="NAME", help="Account of SLURM.")] = None
    time: Annotated[
        int | None,
        typer.Option(metavar="MIN", help="Walltime of a job in minutes; then it is queued again and goes on. (default: 240)"),
    ] = None
    mem: Annotated[float | None, typer.Option(metavar="GB", help="Memory of a job. (default: that of the cluster)")] = None
    cpus: Annotated[int | None, typer.Option(metavar="N", help="Cores of a job. (default: that of the cluster)")] = None
    gpus: Annotated[int | None, typer.Option(metavar="N", help="GPUs of a job. (default: that of the cluster)")] = None
    jobs: Annotated[
        int | None,
        typer.Option(metavar="N", help="Worker processes of a shard. (default: its --cpus, or its part of the cores here)"),
    ] = None
    max_parallel: Annotated[int | None, typer.Option(metavar="N", help="Jobs that run at once. (default: 256)")] = None
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute everything again instead of what is left.")] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the shards and what is left of each, submit nothing.")] = (
        False
    )
    json_file: JsonOption = None


def words_of(request: StudyRequest) -> list[str]:
    """Return the words of a command line that gives the options of a `StudyRequest` as they are; the study comes first."""
    words = [name for name in [request.reference] if name is not None]
    for field in fields(StudyRequest):
        value = getattr(request, field.name)
        if field.name == "reference" or value is None or value is False:  # 0 is a value
            continue
        option = next((name for name in _names(field.type) if name.startswith("--")), f"--{field.name.replace('_', '-')}")
        if value is True:
            words.append(option)
        else:
            words += [word for one in (value if isinstance(value, list) else [value]) for word in (option, str(one))]
    return words


def _names(annotation: Any) -> list[str]:
    """Return the names that an option was given, beside those that typer makes of its field."""
    return [name for info in get_args(annotation)[1:] for name in (getattr(info, "param_decls", None) or ())]
