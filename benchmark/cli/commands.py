"""Commands and groups of commands: help with examples, file options without a file, and modules imported on call."""

import inspect
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

from ..invocation import bench
from .examples import EXAMPLES

STDOUT = "-"
BARE = ("--json", "--csv", "--csv-tests")  # may stand without a file


class _BareFiles:
    """``--json``, ``--csv`` and ``--csv-tests`` may stand without a file, which then is standard output."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        words = []
        for i, arg in enumerate(args):
            words.append(arg)
            last = i + 1 == len(args)
            if arg in BARE and (last or args[i + 1].startswith("--")):
                words.append(STDOUT)
        return super().parse_args(ctx, words)  # pyright: ignore[reportAttributeAccessIssue] (of the class beside it)


class _Help:
    """Help that shows flags as flags, and examples below."""

    def get_params(self, ctx: Any) -> list[Any]:
        params = super().get_params(ctx)  # pyright: ignore[reportAttributeAccessIssue] (of the class beside it)
        for param in params:
            if getattr(param, "is_flag", False):
                param.metavar = ""  # else typer shows the type, as if a value were wanted
        return params

    def format_help(self, ctx: Any, formatter: Any) -> None:
        super().format_help(ctx, formatter)  # pyright: ignore[reportAttributeAccessIssue] (of the class beside it)
        text = _examples_text(_words(ctx))
        if formatter.getvalue():  # plain help, which the caller prints
            formatter.write(f"\n{text}\n")
        else:
            typer.echo(text)


def _words(ctx: Any) -> str:
    """Words of a command after the name of the program, however that was started."""
    return "" if ctx.parent is None else f"{_words(ctx.parent)} {ctx.info_name}".lstrip()


def _examples_text(command: str) -> str:
    """Examples of a command, each with its purpose behind it or, where the terminal is too narrow, above it."""
    lines = [(bench(example.arguments), example.purpose) for example in EXAMPLES.get(command, ())]
    width = max((len(line) for line, _ in lines), default=0)
    if all(width + len(purpose) + 6 <= shutil.get_terminal_size().columns for _, purpose in lines):
        shown = [f"   {line:<{width}}  # {purpose}" for line, purpose in lines]
    else:
        shown = [f"   # {purpose}\n   {line}" for line, purpose in lines]
    return "\n".join([" Examples:", *shown]) if shown else ""


class Command(_BareFiles, _Help, TyperCommand):
    """A command that knows bare ``--json`` and ``--csv``."""


class Group(_BareFiles, _Help, TyperGroup):
    """A group of commands, which may do something of its own and knows bare ``--json`` and ``--csv`` then."""


@dataclass(frozen=True)
class Entry:
    """
    A command that is listed without its module.

    Attributes
    ----------
    module : str
        Of this package.
    function : str
        Name in the module of the function to call, or of the `typer.Typer` of a group.
    help : str
        Help of the command; its first line is the one that the group's help shows.
    request : str
        ``MODULE:CLASS`` below `requests`: a frozen dataclass whose fields are the options, and which the function takes.
        The module of the function is imported when the command runs, so that its help and the completion of its values
        load nothing of the engine. Empty for a function with options of its own.
    is_group : bool
        True for a `typer.Typer` that has commands of its own.
    """

    module: str
    function: str
    help: str
    request: str = ""
    is_group: bool = False

    def load(self, name: str) -> Any:
        """Return the command of this name; import the module of its options."""
        command = self.callback()
        holder = typer.Typer(add_completion=False)
        if isinstance(command, typer.Typer):
            holder.add_typer(command, name=name)
            return typer.main.get_command(holder).commands[name]  # pyright: ignore[reportAttributeAccessIssue] (a group)
        holder.command(name, cls=Command, help=self.help)(command)
        return typer.main.get_command(holder)

    def callback(self) -> Any:
        """Return the function or group; for a request, a function that takes its fields and imports the module when called."""
        if not self.request:
            return self._function()
        module, _, name = self.request.partition(":")
        request = getattr(import_module(f".requests.{module}", __package__), name)

        def call(**values: Any) -> None:
            self._function()(request(**values))

        # Typer reads the options of a function from these two.
        call.__signature__ = inspect.signature(request)  # pyright: ignore[reportFunctionMemberAccess] (set, not read)
        call.__annotations__ = {field.name: field.type for field in fields(request)}
        return call

    def _function(self) -> Any:
        return getattr(import_module(f".{self.module}", __package__), self.function)


class _Loaded(Mapping[str, Any]):
    """Commands by name; looking one up imports its module, going through the names imports nothing."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        self._commands: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._commands:
            self._commands[name] = self._entries[name].load(name)
        return self._commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class LazyGroup(Group):
    """A group that lists its commands from a table and imports the module of the one that is called."""

    entries: ClassVar[Mapping[str, Entry]] = {}

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Loaded(self.entries)  # pyright: ignore[reportAttributeAccessIssue] (it is only read)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the table."""
        return list(self.entries)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command that can be listed: name and help line."""
        entry = self.entries.get(cmd_name)
        return Command(cmd_name, help=entry.help) if entry else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return name, command and arguments that are left; only here is a module imported."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, self.commands[name] if name and command else None, rest
