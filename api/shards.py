"""The shard that a run computes: as it was asked for, or as SLURM numbers the tasks of an array."""

import os
import re
from collections.abc import Mapping

from ..benchmark.records import Shard
from .options import OptionError

NO_SHARD = "none"
TASK, COUNT = "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT"
FIRST, LAST, STEP = "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_STEP"


def as_shard(given: str | Shard | None) -> Shard | None:
    """
    Return the shard of ``--shard I/N``.

    Parameters
    ----------
    given : str, Shard or None
        ``none`` and None are no shard.

    Raises
    ------
    OptionError
        If it is none of these, or I is not from 0 to N - 1.
    """
    if given is None or isinstance(given, Shard) or given == NO_SHARD:
        return given if isinstance(given, Shard) else None
    match = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", given, re.ASCII) if isinstance(given, str) else None
    if match is None or int(match[1]) >= int(match[2]):
        raise OptionError(
            f"--shard takes I/N, the number of a shard from 0 to N - 1 and how many there are (0/4 is the first of four), "
            f"or {NO_SHARD}; got {given!r}."
        )
    return Shard(int(match[1]), int(match[2]))


def settled_shard(given: str | Shard | None, environment: Mapping[str, str] = os.environ) -> tuple[Shard | None, str]:
    """
    Return the shard of a run, and a note if it was not asked for.

    Parameters
    ----------
    given : str, Shard or None
        None for the task of a SLURM array, where the run is in one.
    environment : mapping of str

    Returns
    -------
    shard : Shard or None
        None for the whole study.
    note : str
        Empty if the shard was given, or there is none.

    Raises
    ------
    OptionError
        See `as_shard`; or if the tasks of the array are not evenly spaced.
    """
    if given is not None or not environment.get(TASK) or not environment.get(COUNT):
        return as_shard(given), ""
    shard = _of_array(environment)
    return shard, (
        f"Shard {shard}, of {TASK}={environment[TASK]} and {COUNT}={environment[COUNT]}: "
        f"this run computes the cells of one shard only (--shard {NO_SHARD} for all)."
    )


def _of_array(environment: Mapping[str, str]) -> Shard:
    """Return the place of a task among the tasks of its SLURM array."""
    names = (TASK, COUNT, FIRST, LAST, STEP)
    shown = ", ".join(f"{name}={environment[name]}" for name in names if name in environment)
    try:
        task, count = int(environment[TASK]), int(environment[COUNT])
        first, step = int(environment.get(FIRST) or 0), int(environment.get(STEP) or 1)
        last = int(environment.get(LAST) or first + step * (count - 1))
    except ValueError:
        raise OptionError(f"the task of the SLURM array is not known from {shown}; give --shard I/N or --shard none.") from None
    index, rest = divmod(task - first, max(step, 1))
    if rest or not 0 <= index < count or last - first != step * (count - 1):
        raise OptionError(
            f"the tasks of the SLURM array are not evenly spaced ({shown}), so which shard this is cannot be told; "
            f"number them 0 to N - 1, or give --shard I/N or --shard none."
        )
    return Shard(index, count)
