"""
Devices of PyTorch: the choice of one, repeatable arithmetic, compiled functions, and batches that fit into the memory.

PyTorch is imported inside the functions, so that detectors can be listed without it.
"""

import contextlib
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .errors import BenchWarning, PluginError

if TYPE_CHECKING:
    import torch

Result = TypeVar("Result")
DEVICES = ("auto", "cpu", "cuda")
COMPILER = "inductor"  # backend of torch.compile
# What PyTorch's allocator for main memory says where its one for CUDA raises an error of its own.
NO_MAIN_MEMORY = ("can't allocate memory", "not enough memory")


def find_device(wanted: str, who: str) -> str:
    """
    Choose a device.

    Parameters
    ----------
    wanted : {"auto", "cpu", "cuda"}
    who : str
        Named in the message.

    Raises
    ------
    PluginError
        If the device is unknown, or CUDA is wanted and absent.
    """
    import torch

    if wanted not in DEVICES:
        raise PluginError(f"{who} runs on the devices {', '.join(DEVICES)}, got {wanted!r}.")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise PluginError(
            f"{who} was told device='cuda', but PyTorch {torch.__version__} finds no such device; use device='auto' or 'cpu'."
        )
    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"


@contextlib.contextmanager
def reproducible(seed: int, device: str) -> Iterator[None]:
    """
    Make PyTorch deterministic to the last bit within a block, and restore its state afterwards.

    On the CPU everything does; on CUDA an operation without a deterministic form is allowed, with PyTorch's warning.

    Parameters
    ----------
    seed : int
    device : {"cpu", "cuda"}
    """
    import torch

    cuda = device == "cuda"
    uninitialised: Any = torch.utils.deterministic
    before = torch.get_num_threads(), torch.get_deterministic_debug_mode(), uninitialised.fill_uninitialized_memory
    workspace = os.environ.get("CUBLAS_WORKSPACE_CONFIG")
    if cuda and workspace is None:
        os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"  # without it matrix products differ from run to run
    try:
        with torch.random.fork_rng(devices=[torch.cuda.current_device()] if cuda else []):
            torch.set_num_threads(1)  # the order in which several add up would show
            # Not use_deterministic_algorithms, which imports a compiler that takes seconds to load.
            torch.set_deterministic_debug_mode("warn" if cuda else "error")
            uninitialised.fill_uninitialized_memory = False  # a tenth of the time, to find mistakes of others
            torch.default_generator.manual_seed(seed)
            if cuda:
                torch.cuda.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(before[0])
        torch.set_deterministic_debug_mode(before[1])
        uninitialised.fill_uninitialized_memory = before[2]
        if cuda and workspace is None:
            del os.environ["CUBLAS_WORKSPACE_CONFIG"]


@contextlib.contextmanager
def memory_errors() -> Iterator[None]:
    """Raise a lack of main memory as that of the accelerator's: ``torch.OutOfMemoryError``."""
    import torch

    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        if any(words in str(error) for words in NO_MAIN_MEMORY):
            raise torch.OutOfMemoryError(str(error).splitlines()[0]) from error
        raise


class Graph:
    """
    A function of batches, compiled for one shape: smaller batches are filled up to it.

    The shape is that of the largest batch so far, up to the next power of two, so that batches of equal size and a smaller last
    one make one graph. Where compiling is impossible, a warning says why, and the function is called as it is.

    Parameters
    ----------
    function : callable
        From a tensor (n, …) to one (n, …), row by row.
    who : str
        Named in messages.
    """

    def __init__(self, function: "Callable[[torch.Tensor], torch.Tensor]", who: str) -> None:
        self.function = function
        self.who = who
        self.rows = 0
        self._compiled: Callable[[torch.Tensor], torch.Tensor] | None = None
        self._possible = True

    def __call__(self, batch: "torch.Tensor") -> "torch.Tensor":
        """Apply the function to a batch of any size."""
        import torch

        if not self._possible:
            return self.function(batch)
        try:
            with memory_errors():
                return self._filled_up(batch)
        except torch.OutOfMemoryError:
            self.rows = 0  # who calls comes back with less
            raise
        except Exception as error:  # compilers fail in many ways
            result = self.function(batch)  # what it cannot do either is its own mistake
            self._possible, self._compiled = False, None
            reason = (" ".join(str(error).split())[:200] or type(error).__name__).rstrip(".")
            warnings.warn(f"{self.who} cannot be compiled here and runs without that: {reason}.", BenchWarning, stacklevel=2)
            return result

    def _filled_up(self, batch: "torch.Tensor") -> "torch.Tensor":
        import torch

        if self._compiled is None:
            self._compiled = torch.compile(self.function, backend=COMPILER, dynamic=False)
        n = len(batch)
        self.rows = max(self.rows, 1 << (n - 1).bit_length())
        batch = batch.contiguous()  # another order in memory would be another graph
        if n < self.rows:
            batch = torch.cat([batch, batch[-1:].expand(self.rows - n, *batch.shape[1:])])
        return self._compiled(batch)[:n]


class MicroBatches:
    """
    Splitter of batches into parts that fit into the accelerator's memory.

    Gradients add up over the parts, so that a step is the same but for batch statistics.

    Parameters
    ----------
    size : int
        Crops per part to begin with; halved, with a warning, whenever the memory runs out.
    who : str
        Named in messages.
    """

    def __init__(self, size: int, who: str) -> None:
        self.size = size
        self.who = who

    def run(self, rows: NDArray[np.intp], work: Callable[[NDArray[np.intp]], Result], begin: Callable[[], Any]) -> list[Result]:
        """
        Process all rows, part by part; after a lack of memory again from `begin` on.

        Raises
        ------
        PluginError
            If not even one crop fits.
        """
        import torch

        while True:
            begin()
            try:
                with memory_errors():
                    return [work(rows[start : start + self.size]) for start in range(0, len(rows), self.size)]
            except torch.OutOfMemoryError as error:
                self.size = min(self.size, len(rows)) // 2
                if not self.size:
                    self.size = 1
                    raise PluginError(f"{self.who} has not enough memory for one crop: {error}") from error
            # Outside the handler, whose traceback would keep the tensors alive.
            torch.cuda.empty_cache()
            warnings.warn(
                f"{self.who} ran out of memory and goes on with {self.size} crops at a time.", BenchWarning, stacklevel=2
            )


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence the log lines of libraries within a block, whose errors say the same."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
