"""Load a model folder in a process of its own with limits, which a damaged estimator may end or hold up without harm."""

import resource
from pathlib import Path

from ..errors import BenchError
from .trained_model import TrainedModel

MOST_MEMORY = 2**33  # bytes of address space
MOST_SECONDS = 120  # of computing


def main(folder: str, reference: str) -> int:
    """Load and try the model of a folder; print the reason why that does not work."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS + 5))
    try:
        TrainedModel.load(Path(folder), reference or None, tried=True)
    except BenchError as error:
        print(error)
        return error.exit_code
    return 0
