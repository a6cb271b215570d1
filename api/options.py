"""Options of the Python interface: values as Python has them, and the errors of wrong ones."""

import functools
import inspect
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import fields, is_dataclass, replace
from functools import partial
from os import PathLike
from typing import Any, ParamSpec, TypeVar

from ..benchmark.cluster.opening import find_scheduler
from ..benchmark.errors import BenchError, DataError, PluginError, StudyError, unknown_name
from ..benchmark.reporting import Reporter
from ..benchmark.store.disk import disk_failure
from ..benchmark.store.folders import settle_folders
from ..benchmark.workers import end_if_imported_by_a_worker

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class OptionError(StudyError, ValueError):
    """A value that an option cannot have."""


class UnknownOptionError(StudyError, TypeError):
    """An option that a function does not have."""


class PluginOptionError(PluginError, ValueError):
    """The name of a detector or data set that is unknown or cannot be used, or a parameter of one."""


class DataOptionError(DataError, ValueError):
    """The name of a domain, or a folder, that cannot be used."""


VALUE_ERRORS: dict[type[BenchError], type[BenchError]] = {
    StudyError: OptionError,
    PluginError: PluginOptionError,
    DataError: DataOptionError,
}


def public(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """
    Make a function one of the Python interface.

    An unknown option raises `UnknownOptionError` with the nearest name. Mistakes in values are ValueErrors, too; a disk that
    fails is a `DiskError`. Errors, notes (shown or in the result) and reasons of failures name the parameters of the function
    where they would name options of the command line. A worker process that imports the caller's script again ends here,
    before the work runs a second time. Folders that the environment names are settled, as the commands do it.
    """
    signature = inspect.signature(function)
    options = [name for name in signature.parameters if name != "self"]

    @functools.wraps(function)
    def call(*args: Parameters.args, **values: Parameters.kwargs) -> Result:
        end_if_imported_by_a_worker()
        settle_folders()
        for name in values:
            if name not in options:
                raise UnknownOptionError(unknown_name(f"option of bandbench.{function.__qualname__}", name, options))
        _check_kinds(signature, args, values)
        called = _PARAMETERS.set(options)
        try:
            return _in_python(function(*args, **values))
        except (StudyError, PluginError, DataError) as error:
            text = with_parameters(str(error), options)
            if isinstance(error, ValueError | TypeError):
                error.args = (text,)
                raise
            kind = next(VALUE_ERRORS[base] for base in type(error).__mro__ if base in VALUE_ERRORS)
            raise kind(text).with_traceback(error.__traceback__) from error.__cause__
        except BenchError as error:
            error.args = (with_parameters(str(error), options),)
            raise
        except Exception as error:
            if failed := disk_failure(error):
                raise failed from error
            raise
        finally:
            _PARAMETERS.reset(called)

    return call


_PARAMETERS: ContextVar[Collection[str]] = ContextVar("parameters", default=())  # of the public function that is being called
# Fields of results that hold texts for people, and a record with such fields.
NOTES, REASONS, OUTCOME = "notes", ("failures", "gaps"), "outcome"


def note_form() -> Callable[[str], str]:
    """Return the function that writes notes for the caller: of a public function with parameters, of a command with options."""
    return partial(with_parameters, parameters=_PARAMETERS.get())


def _in_python(result: Any) -> Any:
    """Return a result whose notes, and reasons of what failed, name parameters."""
    form = note_form()
    if not is_dataclass(result) or isinstance(result, type):
        return result
    changes: dict[str, Any] = {}
    for field in fields(result):
        value = getattr(result, field.name)
        if field.name == NOTES:
            changes[NOTES] = tuple(map(form, value))
        elif field.name in REASONS:
            changes[field.name] = {
                name: form(reasons) if isinstance(reasons, str) else tuple(map(form, reasons))
                for name, reasons in value.items()
            }
        elif field.name == OUTCOME:
            changes[OUTCOME] = _in_python(value)
    return replace(result, **changes) if changes else result


def _check_kinds(signature: inspect.Signature, args: Sequence[Any], values: Mapping[str, Any]) -> None:
    """
    Refuse a value that is no truth value, or no text, where the signature says that it is one.

    Raises
    ------
    OptionError
    """
    try:
        given = signature.bind(*args, **values).arguments
    except TypeError:  # too few or too many, which the call itself refuses
        return
    for name, value in given.items():
        kind = signature.parameters[name].annotation
        if kind is bool and not isinstance(value, bool) and str(getattr(value, "dtype", "")) != "bool":
            raise OptionError(f"{name} is True or False, got {value!r}.")
        if kind in (int, int | None) and isinstance(value, bool):
            raise OptionError(f"{name} is a whole number, got {value!r}.")
        if kind in (str, str | None) and not isinstance(value, kind):
            raise OptionError(f"{name} is text, got {value!r}.")


# A command, which stays as it is, or an option with a value that shows its form: NAME=DIR, a number or a path.
OPTION = re.compile(
    r"`[^`]*`|\bbench [^\n]*"
    r"|(?<![\w-])--(?P<option>[a-z][a-z-]*)"
    r"(?: (?P<quote>'?)(?P<key>\w+)(?:\.(?P<part>\w+))?=(?P<value>[^\s'`]*[^\s'`.;,:)])(?P=quote)"
    r"| (?P<number>\d+)\b| (?P<path>\w+/\w+|none)\b)?"
)


def with_parameters(text: str, parameters: Collection[str]) -> str:
    """
    Write the options of the command line in an error or a note as the parameters of a function; commands stay as they are.

    Parameters
    ----------
    text : str
    parameters : collection of str
        What is no parameter stays an option.

    >>> print(with_parameters("--data mine=DIR, or --jobs 1 (see `bench run --data mine=DIR`)", ["data", "jobs"]))
    data={'mine': 'DIR'}, or jobs=1 (see `bench run --data mine=DIR`)
    """

    def written(match: re.Match[str]) -> str:
        name = (match["option"] or "").replace("-", "_")
        name = "params" if name == "param" else name
        if name not in parameters:
            return match[0]
        if match["key"]:
            value = {match["part"]: match["value"]} if match["part"] else match["value"]
            return f"{name}={ {match['key']: value} }"
        if match["number"] or match["path"]:
            return f"{name}={match['number'] or repr(match['path'])}"
        return name

    return OPTION.sub(written, text)


def as_names(option: str, given: Any) -> tuple[str, ...]:
    """
    Return the names that an option was given.

    Parameters
    ----------
    option : str
        For messages.
    given : str, path, iterable of them, or None
        None is no name.

    Raises
    ------
    OptionError
        If a value is no name, or there is none in a list.
    """
    if given is None:
        return ()
    values = (given,) if isinstance(given, str | PathLike) or not isinstance(given, Iterable) else tuple(given)
    _require_entries(option, values)
    for value in values:
        if not isinstance(value, str | PathLike) or not os.fspath(value):
            raise OptionError(f"{option} takes a name or a list of names, got {value!r}.")
    return tuple(os.fspath(value) for value in values)


def _require_entries(option: str, values: Sequence[Any]) -> None:
    """Refuse an empty list: whoever has chosen nothing does not mean everything, which is what leaving it out means."""
    if not values:
        raise OptionError(f"{option} is an empty list; name at least one entry.")


def as_trainings(given: str | Sequence[str | Sequence[str]] | None) -> tuple[str | list[str], ...]:
    """Return the trainings of ``train``: a domain each, or a list of domains, which are a pool."""
    if given is None or isinstance(given, str) or not isinstance(given, Sequence):
        return as_names("train", given)
    _require_entries("train", given)
    return tuple(list(as_names("train", one)) if _is_pool(one) else as_names("train", [one])[0] for one in given)


def _is_pool(given: Any) -> bool:
    return isinstance(given, Sequence) and not isinstance(given, str)


def as_detectors(given: Any) -> tuple[dict[str, Any], ...]:
    """
    Return detectors as a study file has them.

    Parameters
    ----------
    given : str, class, mapping, sequence of them, or None
        ``name``, ``name/preset``, ``file.py:Class``, ``module:Class``; a class of a module that can be imported; or a mapping
        with ``name`` and ``params``.

    Raises
    ------
    OptionError
        If a value is none of these.
    """
    if given is None:
        return ()
    values = given if isinstance(given, Sequence) and not isinstance(given, str) else [given]
    _require_entries("detector", values)
    return tuple(_detector_entry(value) for value in values)


def _detector_entry(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, str):
        return {"name": value}
    if isinstance(value, type):
        return {"name": reference_of(value)}
    raise OptionError(f"detector takes names, classes or mappings with name and params, got {value!r}.")


def reference_of(plugin: type) -> str:
    """
    Return ``module:Class`` of a class, by which worker processes find it.

    Raises
    ------
    OptionError
        If the class belongs to a notebook or to the running script, which workers do not import.
    """
    if plugin.__module__ == "__main__" or "<locals>" in plugin.__qualname__:
        raise OptionError(
            f"{plugin.__qualname__} is defined in the running script or notebook, which worker processes do not import; "
            f"write it to a file and name it as 'file.py:{plugin.__name__}'."
        )
    return f"{plugin.__module__}:{plugin.__qualname__}"


def as_jobs(jobs: int | None) -> int:
    """
    Return the number of worker processes: one per core for None.

    Raises
    ------
    OptionError
        If it is no number from 1 on.
    """
    if jobs is None:
        return len(os.sched_getaffinity(0))
    return as_count("jobs", jobs, 1)


def cluster_of(cluster: Any, jobs: int | None, reporter: Reporter) -> str:
    """
    Return the address of a Dask scheduler that answers; empty for None.

    Parameters
    ----------
    cluster : str, path, or cluster of Dask
        Which has a ``scheduler_address``.
    jobs : int or None
        As it was given; the reporter notes that a cluster takes no account of it.
    reporter : Reporter

    Raises
    ------
    OptionError
        If it is none of them.
    ClusterError
        If none answers there.
    """
    if cluster is None:
        return ""
    address = getattr(cluster, "scheduler_address", cluster)
    if address == "":
        raise OptionError(
            "--cluster takes the address of a Dask scheduler (tcp://HOST:8786) or its file, got an empty text; leave it out to "
            "use processes of this machine."
        )
    if not isinstance(address, str | os.PathLike) or not (text := str(os.fspath(address))):
        raise OptionError(
            f"cluster takes the address of a Dask scheduler (tcp://HOST:8786), its file or a cluster of Dask, got {cluster!r}."
        )
    reporter.stage("connecting to the cluster", None)
    address = find_scheduler(text)
    if jobs is not None:
        reporter.note(f"jobs={jobs} has no effect on a cluster, whose workers have processes of their own.")
    return address


def as_count(option: str, value: Any, least: int = 0) -> int:
    """
    Return a whole number.

    Raises
    ------
    OptionError
        If it is none, or less than `least`.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise OptionError(f"{option} is a whole number, got {value!r}.")
    if (number := value.__index__()) < least:
        raise OptionError(f"{option} is at least {least}, got {number}.")
    return number


def as_choice(option: str, value: Any, choices: Iterable[str]) -> str:
    """
    Return one of several words.

    Raises
    ------
    OptionError
        With the nearest word, if it is none of them.
    """
    words = [str(choice) for choice in choices]
    if str(value) not in words:
        raise OptionError(unknown_name(option, str(value), words))
    return str(value)


def as_dates(released: Mapping[str, str] | None) -> dict[str, str]:
    """
    Return the release dates of ``released``: texts by domain or data set.

    Raises
    ------
    OptionError
        If it is no mapping.
    """
    if released is not None and not isinstance(released, Mapping):
        raise OptionError(f"released is a mapping of names to dates such as {{'mine': '2024-03'}}, got {released!r}.")
    return {name: str(date) for name, date in (released or {}).items()}
