"""``bench new``: a working detector or data set to start from, with its test."""

import keyword
from importlib import resources
from pathlib import Path
from string import Template

import typer

from ..errors import BenchError
from ..invocation import bench
from ..registry import NAME_PATTERN, datasets, detectors
from .requests.plugins import NewRequest


def detector(request: NewRequest) -> None:
    """Write a detector and its test."""
    _write("detector", request.name, request.into)


def dataset(request: NewRequest) -> None:
    """Write a data set and its test."""
    _write("dataset", request.name, request.into)


def _write(kind: str, name: str, into: Path) -> None:
    _refuse_bad_name(kind, name)
    class_name = "".join(part.capitalize() for part in name.split("_"))
    targets = {kind: into / f"{name}.py", f"{kind}_test": into / f"test_{name}.py"}
    for path in targets.values():
        if path.exists():
            raise BenchError(f"{path} exists already and is left as it is; choose another name or folder.")
    folder = resources.files(__package__ or "") / "templates"
    for template, path in targets.items():
        text = Template((folder / f"{template}.txt").read_text(encoding="utf-8"))
        try:
            path.write_text(text.substitute(name=name, class_name=class_name, title=class_name), encoding="utf-8")
        except OSError as error:
            raise BenchError(f"cannot write {path} ({error.strerror}).") from error
    reference = f"{targets[kind]}:{class_name}"
    use = f"run --detector {reference}" if kind == "detector" else f"run --data {reference}"
    typer.echo(
        f"wrote {targets[kind]} and {targets[f'{kind}_test']}\n"
        f"  {bench(f'check {kind} {reference}')}\n"
        f"  {bench(use)}\n"
        f"To have it listed: put it into {kind}s/ of bandbench, or name it in your own package's entry points, "
        f"group bandbench.{kind}s."
    )


def _refuse_bad_name(kind: str, name: str) -> None:
    if keyword.iskeyword(name):
        raise BenchError(f"a {kind} cannot be called {name!r}, which is a word of Python; choose another name (my_{name}).")
    if not NAME_PATTERN.fullmatch(name):
        raise BenchError(f"a {kind}'s name is lower-case letters, digits and underscores (my_{kind}), got {name!r}.")
    if name in (detectors if kind == "detector" else datasets).names():
        raise BenchError(f"there is a {kind} called '{name}' already; choose another name.")
