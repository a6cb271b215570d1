"""``bench scan``: scores of one's own pictures and clips."""

import contextlib
import os
import shlex
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...api.progress import ScreenReporter
from ...api.scanning import scan_columns, scan_paths
from ...api.stores import model_folder
from ...datasets.copies.listing import find_files
from ...datasets.faces.windows import ScanRegion
from ...leaderboard.spreadsheet import open_lines
from ..errors import BenchError, StudyError, listed, plain_text
from ..invocation import bench
from ..models.domain_check import LIMIT, Doubt
from ..models.scanning import ScanResult, pooling_rule
from ..models.trained_model import TrainedModel
from ..store.files import dump_json
from .commands import STDOUT
from .options import check_targets, write_text
from .requests.models import ScanRequest

SHOWN_ROWS = 40
SHOWN_REMARKS = 5
DOUBTS = {
    Doubt.NO_FACE: "no face",
    Doubt.UNLIKE_TRAINING: "unlike the training pictures",
    Doubt.BETWEEN_CLASSES: "between the classes",
    Doubt.UNSTABLE: "unstable",
    Doubt.NOT_A_NUMBER: "no number as a score",
}


def scan(request: ScanRequest) -> None:
    """Score pictures and clips with a trained model: probability of each class, and 'unsure' where it cannot tell."""
    console = Console(stderr=True)
    check_targets(request.json_file, request.csv_file)
    try:
        rule = pooling_rule(request.pool)
    except StudyError as error:
        raise StudyError(f"--pool: {error}") from None
    folder = model_folder(request.paths[0])
    if not folder.exists():
        raise BenchError(
            f"bench scan wants a model and then what to score; there is no model {request.paths[0]}, check the path. "
            f"`{bench('train DETECTOR --train DOMAIN --out MODEL')}` makes one."
        )
    if len(request.paths) < 2 or not os.path.lexists(folder / "model.json"):
        raise BenchError(
            f"bench scan wants a model and then what to score; {request.paths[0]} is no model. Make one:\n"
            f"  {bench('train spectral_svm --train mine --data mine=DIR --out model')}   (DIR with real/ and fake/)\n"
            f"  {bench(shlex.join(['scan', 'model', *map(str, request.paths)]))}"
        )
    model = TrainedModel.load(folder, request.detector)
    region = ScanRegion.of(model.framing, request.faces, request.weights, request.min_size, request.margin)
    files = find_files(request.paths[1:])  # before the CSV of an earlier scan is replaced
    with _kept(request.csv_file, model, console) as keep, ScreenReporter(console) as reporter:
        scanned = scan_paths(model, files, frames=request.frames, rule=rule, region=region, reporter=reporter, keep=keep)
    results = list(scanned.results)
    if request.json_file:
        rows = [result.as_row() for result in results]
        check = model.check.as_dict() | {"limit": LIMIT} if model.check else None
        about = {
            "model": str(request.paths[0]),
            "classes": model.recipe.classes,
            "looked_for": region.as_dict(),
            "check": check,
        }
        write_text(request.json_file, dump_json(about | {"rows": rows}))
    if STDOUT not in (request.json_file, request.csv_file):
        _print(results, model, region)
    raise typer.Exit(3 if any(result.status != "ok" for result in results) else 0)


@contextlib.contextmanager
def _kept(target: str | None, model: TrainedModel, console: Console) -> Iterator[Callable[[Sequence[ScanResult]], None]]:
    """Yield what writes results to a CSV file as they come; say at the end, however it comes, how many there are."""
    if not target:
        yield lambda _: None
        return
    n_verdicts = n_frames = n_errors = 0
    try:
        with open_lines(None if target == STDOUT else Path(target), scan_columns(model)) as lines:

            def keep(results: Sequence[ScanResult]) -> None:
                nonlocal n_verdicts, n_frames, n_errors
                lines.add([result.as_row() for result in results])
                of_frames = sum(result.kind == "frame" for result in results)
                failed = sum(result.status != "ok" for result in results)
                n_verdicts += len(results) - of_frames - failed
                n_frames, n_errors = n_frames + of_frames, n_errors + failed

            try:
                yield keep
            finally:
                counts = [(n_verdicts, "verdict", "verdicts"), (n_frames, "line of a frame", "lines of frames")]
                counts += [(n_errors, "file without a verdict", "files without a verdict")]
                parts = [f"{n} {one if n == 1 else more}" for n, one, more in counts if n or one == "verdict"]
                where = "standard output" if target == STDOUT else target
                console.print(Text(f"wrote {listed(parts, len(parts))} to {where}"), soft_wrap=True)
    except OSError as error:
        raise BenchError(f"cannot write {target} ({error.strerror}); {n_verdicts} verdicts are in it.") from error


def _print(found: list[ScanResult], model: TrainedModel, region: ScanRegion) -> None:
    console = Console()
    files = [result for result in found if result.kind != "frame"]
    table = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("file", overflow="fold", min_width=16)
    table.add_column("verdict", overflow="fold", min_width=8)
    for name in model.recipe.classes[1:]:
        table.add_column(Text(f"p({name})"), justify="right", overflow="fold", min_width=5)
    if model.check:
        table.add_column("distance", justify="right", overflow="fold", min_width=5)
    for result in files[:SHOWN_ROWS]:
        shares = [f"{result.probabilities[c]:.3f}" if result.probabilities else "–" for c in model.recipe.classes[1:]]
        distance = ["–" if result.distance is None else f"{result.distance:.2f}"] if model.check else []
        table.add_row(Text(result.path + _frames_text(result)), Text(_verdict_text(result)), *shares, *distance)
    console.print(table)
    if len(files) > SHOWN_ROWS:
        console.print(f"… and {len(files) - SHOWN_ROWS} more; --csv FILE writes all of them, frames of clips included.")
    counts = Counter(result.verdict or "error" for result in files)
    console.print(Text(", ".join(f"{n} {name}" for name, n in counts.most_common()) + f" of {len(files)} files"))
    doubts = Counter(result.doubt for result in files if result.doubt)
    if doubts:
        console.print("unsure: " + ", ".join(f"{n} {DOUBTS[doubt]}" for doubt, n in doubts.most_common()))
    remarks = [f"{result.path}: {plain_text(result.detail)}" for result in files if result.probabilities and result.detail]
    if len(remarks) > SHOWN_REMARKS:
        remarks[SHOWN_REMARKS:] = [f"… and {len(remarks) - SHOWN_REMARKS} more; --csv FILE writes all of them."]
    for remark in remarks:
        console.print(Text(remark), soft_wrap=True)
    kinds = {result.kind for result in files}
    for remark in region.remarks("clip" in kinds, "picture" in kinds):
        console.print(Text(remark), soft_wrap=True)
    for line in _legend(model, doubts):
        console.print(Text(line), soft_wrap=True)


def _legend(model: TrainedModel, doubts: Collection[Doubt]) -> list[str]:
    """Explain the probabilities, and the reasons for ``unsure`` that occurred."""
    lines = []
    if Doubt.BETWEEN_CLASSES in doubts and len(model.recipe.classes) == 2:
        low, high = model.unsure
        where = "where validation pictures of both classes lay, or none"
        lines.append(f"'{DOUBTS[Doubt.BETWEEN_CLASSES]}' is p(fake) from {low:.2f} to {high:.2f}, {where}.")
    if Doubt.UNLIKE_TRAINING in doubts:
        lines.append(f"'{DOUBTS[Doubt.UNLIKE_TRAINING]}' is a distance from the training spectra above {LIMIT:g}.")
    if Doubt.UNSTABLE in doubts and model.check:
        chains = " or ".join(model.check.reencodings)
        lines.append(f"'{DOUBTS[Doubt.UNSTABLE]}' is a class that {chains} changes.")
    if model.check:
        share = f"{100 * (model.validation.get('unsure') or 0):.1f} % of the validation pictures of the model are unsure"
        lines.append(f"By the same rules {share}." if doubts else f"None of these is unsure; {share}.")
    else:
        why = "it was trained on very few pictures, or by an earlier version"
        lines.append(f"This model has no out-of-domain check ({why}): pictures unlike its training pictures get a class, too.")
    return [*lines, "A probability holds for pictures like those of the validation: same sources, same codecs, even odds."]


def _frames_text(found: ScanResult) -> str:
    """Return the number of scored frames of a clip, and their region: `` (face in 30 of 32 frames)``."""
    if found.n_looked is None:
        return ""
    if found.looked_at == "face":
        return f" (face in {found.n_frames} of {found.n_looked} frames)"
    return f" (middle of {found.n_frames} frames)" if found.n_frames else f" ({found.n_looked} frames)"


def _verdict_text(found: ScanResult) -> str:
    if not found.verdict:
        return f"error: {plain_text(found.detail)}"
    if not found.probabilities:
        return f"{found.verdict}: {plain_text(found.detail)}"
    return f"{found.verdict}: {DOUBTS[found.doubt]}" if found.doubt else found.verdict
