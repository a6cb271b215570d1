"""Reference of the command line: the help of every command, read from the commands themselves."""

from collections.abc import Iterator
from typing import Any

import typer

from bandbench.benchmark.cli.app import app
from bandbench.benchmark.cli.examples import EXAMPLES

from .markdown import escape


def commands_text() -> str:
    """Return every command with its usage, arguments, options and examples, as Markdown for Sphinx."""
    return "\n".join(_command(context) for context in contexts(typer.main.get_command(app), "bench"))


def contexts(command: Any, name: str, parent: Any = None) -> Iterator[Any]:
    """Yield the context of a command, then those of its sub-commands at any depth."""
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    yield context
    for sub_name, sub_command in dict(getattr(command, "commands", {})).items():
        yield from contexts(sub_command, sub_name, context)


def _command(context: Any) -> str:
    path, command = context.command_path, context.command
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    help_text = escape((command.help or "").strip())
    parameters = [parameter.get_help_record(context) for parameter in command.get_params(context)]
    return "\n".join(
        [
            f"{'#' * (path.count(' ') + 2)} `{path}`\n",
            f"{help_text}\n",
            f"```text\n{usage}\n```\n",
            f"```{{program}} {path}\n```\n",
            *(_parameter(*record) for record in parameters if record),
            _examples(path.removeprefix("bench").lstrip()),
        ]
    )


def _parameter(name: str, help_text: str) -> str:
    return f"````{{option}} {name}\n{escape(help_text)}\n````\n"


def _examples(words: str) -> str:
    examples = EXAMPLES.get(words, ())
    if not examples:
        return ""
    lines = [f"bench {example.arguments}".rstrip() for example in examples]
    width = max(map(len, lines))
    text = "\n".join(f"{line:<{width}}  # {example.purpose}" for line, example in zip(lines, examples, strict=True))
    return f"```sh\n{text}\n```\n"
