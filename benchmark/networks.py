"""
Training of small networks on planes of crops: everything but their layers.

PyTorch is imported inside the functions, so that the detectors can be listed without it.
"""

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from .contracts import LABEL_NAMES, Count, Detector, Positive, Seed, Share, Transform, View, ViewSpec
from .errors import BenchWarning, PluginError

if TYPE_CHECKING:
    import torch
    from torch import nn

Result = TypeVar("Result")
DEVICES = ("auto", "cpu", "cuda")
ADAM_EPSILON = 1e-7  # Keras's, with which these networks were published; PyTorch's is a tenth of it
CROPS_AT_A_TIME = 64
COMPILER = "inductor"  # backend of torch.compile
# What PyTorch's allocator for main memory says where its one for CUDA raises an error of its own.
NO_MAIN_MEMORY = ("can't allocate memory", "not enough memory")


@dataclass(frozen=True)
class Planes:
    """
    Crops as a network sees them, standardised batch by batch.

    Attributes
    ----------
    values : array (n_crops, rows, cols, channels)
        Possibly mapped from a file; never copied as a whole.
    mean, scale : arrays of float64 (rows, cols, channels), or float
        Subtracted and divided by.
    """

    values: NDArray
    mean: NDArray[np.float64] | float
    scale: NDArray[np.float64] | float

    def batch(self, rows: NDArray[np.intp], dtype: type[np.floating]) -> "torch.Tensor":
        """Return chosen crops as a tensor (n, channels, rows, cols) of `dtype`, channels last in memory."""
        import torch

        batch = self.values[rows].astype(dtype)
        batch -= np.asarray(self.mean, dtype=dtype)
        batch /= np.asarray(self.scale, dtype=dtype)
        return torch.from_numpy(batch).permute(0, 3, 1, 2)


def find_device(wanted: str, who: str) -> str:
    """
    Settle on a device.

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


def plane_values(view: View) -> NDArray:
    """Return the values of a view as (n_crops, rows, cols, channels); grey pixels get their one channel."""
    return view.values if view.values.ndim == 4 else view.values[..., None]


def plane_moments(values: NDArray, rows: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Mean and population standard deviation of every coefficient over chosen crops, in one pass over them.

    Parameters
    ----------
    values : array (n_crops, rows, cols, channels)
    rows : array of int (n_chosen,)

    Returns
    -------
    mean, scale : arrays of float64 (rows, cols, channels)
        A coefficient that does not vary has scale 1.
    """
    mean, squares = np.zeros(values.shape[1:]), np.zeros(values.shape[1:])
    for start in range(0, len(rows), CROPS_AT_A_TIME):
        block = values[rows[start : start + CROPS_AT_A_TIME]].astype(np.float64)
        # Two sets of crops are merged as by Chan, Golub and LeVeque: no difference of large sums.
        share = len(block) / (start + len(block))
        step = block.mean(axis=0) - mean
        squares += block.var(axis=0) * len(block) + step**2 * (start * share)
        mean += step * share
    deviation = np.sqrt(squares / len(rows))
    # Rounding leaves constant coefficients with a spread of about their value times 1e-16.
    return mean, np.where(deviation <= 1e-12 * np.abs(mean), 1.0, deviation)


def held_out(labels: NDArray[np.int64], share: float, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """
    Split crops into those to learn from and those that say when to stop, the same share of every class.

    Parameters
    ----------
    labels : array of int64 (n_crops,)
        Each class at least twice.
    share : float
        To hold out, between 0 and 1; never less than one crop per class, and as many are left to learn from.
    seed : int

    Returns
    -------
    train, validation : arrays of int
        Row numbers, shuffled.
    """
    from sklearn.model_selection import train_test_split

    n, n_classes = len(labels), len(np.unique(labels))
    size = int(np.clip(round(share * n), n_classes, n - n_classes))
    train, validation = train_test_split(np.arange(n), test_size=size, random_state=seed, stratify=labels)
    return np.asarray(train), np.asarray(validation)


def parameter_count(network: "nn.Module") -> int:
    """Count the numbers of a network as its publication does: running means and variances included."""
    return sum(values.size for values in weights_of(network).values())


def weights_of(network: "nn.Module") -> dict[str, NDArray]:
    """Copy weights and running statistics out of a network; its counters of batches are left out."""
    state = network.state_dict()
    return {name: value.cpu().numpy().copy() for name, value in state.items() if not name.endswith("num_batches_tracked")}


def initialise(network: "nn.Module") -> None:
    """Draw weights as Keras does: Glorot uniform, biases zero; normalisation layers are left as they are."""
    from torch import nn

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)  # pyright: ignore[reportArgumentType] (all layers here have one)


@contextlib.contextmanager
def reproducible(seed: int, device: str) -> Iterator[None]:
    """
    Make PyTorch repeat itself to the last bit for a block, and leave its state as it was.

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
    """Let a lack of main memory raise what a lack of the accelerator's does: ``torch.OutOfMemoryError``."""
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
        """Call it for a batch of any size."""
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
            found = self.function(batch)  # what it cannot do either is its own mistake
            self._possible, self._compiled = False, None
            reason = (" ".join(str(error).split())[:200] or type(error).__name__).rstrip(".")
            warnings.warn(f"{self.who} cannot be compiled here and runs without that: {reason}.", BenchWarning, stacklevel=2)
            return found

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
    Cuts batches into parts that fit into the accelerator's memory.

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
        Work on all rows, part by part; after a lack of memory again from `begin` on.

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


@dataclass(frozen=True)
class Trainer:
    """
    A network together with what it learns from.

    Attributes
    ----------
    network : Module
    penalty : callable
        From the network to what is added to its mean cross-entropy.
    planes : Planes
    labels : array of int64 (n_crops,)
    micro_batches : MicroBatches
    """

    network: "nn.Module"
    penalty: "Callable[[nn.Module], torch.Tensor | float]"
    planes: Planes
    labels: NDArray[np.int64]
    micro_batches: MicroBatches

    def step(self, rows: NDArray[np.intp], optimiser: "torch.optim.Optimizer") -> float:
        """Learn from one batch; return its loss before."""
        self.network.train()

        def work(part: NDArray[np.intp]) -> float:
            loss = self._loss(part, len(rows))
            loss.backward()
            return loss.item()

        losses = self.micro_batches.run(rows, work, optimiser.zero_grad)
        optimiser.step()
        return sum(losses)

    def loss(self, rows: NDArray[np.intp]) -> float:
        """Mean cross-entropy of crops plus the penalty, learning nothing."""
        import torch

        self.network.eval()
        with torch.inference_mode():
            return sum(self.micro_batches.run(rows, lambda part: self._loss(part, len(rows)).item(), lambda: None))

    def _loss(self, part: NDArray[np.intp], total: int) -> "torch.Tensor":
        """Part of a loss that a part of `total` crops contributes."""
        import torch

        device = next(self.network.parameters()).device
        logits = self.network(self.planes.batch(part, np.float32).to(device))
        targets = torch.from_numpy(self.labels[part]).to(device)
        mean = torch.nn.functional.cross_entropy(logits, targets)
        return (mean + self.penalty(self.network)) * (len(part) / total)


class NetworkDetector(Detector):
    """
    Base of detectors that are a network: a subclass sets `name` and writes `network`, and `penalty` if it has one.

    Parameters
    ----------
    transform : {"log_dct", "pixels", "dct", "fft", "log_fft"}
        Pixels are scaled to -1..1; coefficients are z-scored, each over the crops that are learned from.
    colour : bool
        Three channels instead of grey.
    seed : int
        Of the weights, the order of the crops, dropout and the choice of validation crops.
    epochs : int
        At most.
    patience : int
        Epochs without a lower validation loss after which training ends.
    batch_size : int
    learning_rate : float
        Of Adam.
    validation : float
        Share of the training crops of each class that is held out to say when to stop. They are drawn crop by crop: other
        crops of the same person may be among those that are learned from.
    reshuffle : bool
        Draw a new order of the crops in every epoch.
    device : {"auto", "cpu", "cuda"}
        ``auto`` takes CUDA where there is a device.

    Attributes
    ----------
    weights_ : dict of arrays
        Of the epoch with the lowest validation loss, running means and variances included.
    mean_, scale_ : arrays of float64 (rows, cols, channels), or float for pixels
    n_classes_ : int
    history_ : list of dict
        ``epoch``, ``train_loss`` and ``val_loss`` (cross-entropy in nats, plus the penalty) of every epoch.
    min_side : int
        Crops must have as many rows and columns.
    """

    source = "Frank et al., arXiv 2003.08685"
    stochastic = True
    extra = "deep"
    needs = ("torch",)
    min_side: ClassVar[int] = 1

    def __init__(
        self,
        transform: Transform = "log_dct",
        colour: bool = True,
        seed: Seed = 0,
        epochs: Count = 50,
        patience: Count = 5,
        batch_size: Count = 32,
        learning_rate: Positive = 0.001,
        validation: Share = 0.2,
        reshuffle: bool = True,
        device: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> None:
        self.transform = transform
        self.colour = colour
        self.seed = seed
        self.epochs = epochs
        self.patience = patience
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation = validation
        self.reshuffle = reshuffle
        self.device = device

    @property
    def view(self) -> ViewSpec:
        return ViewSpec.of_transform(self.transform, self.colour, plane=True)

    def network(self, shape: tuple[int, int, int], n_classes: int) -> "nn.Module":
        """
        Build the layers.

        Parameters
        ----------
        shape : (rows, cols, channels)
        n_classes : int

        Returns
        -------
        Module
            From (n, channels, rows, cols) to logits (n, n_classes).
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what its network looks like.")

    def penalty(self, network: "nn.Module") -> "torch.Tensor | float":
        """Return what is added to the mean cross-entropy."""
        return 0.0

    def fit(self, view: View, labels: NDArray[np.int64]) -> Self:
        """
        Train until the validation loss has stopped falling, and keep the best epoch.

        Parameters
        ----------
        view : View of n_crops
        labels : array of int64 (n_crops,)
            0 real, 1 fake; or 0 to n_classes - 1.

        Raises
        ------
        PluginError
            If the crops are too small, a class has fewer than two, a parameter makes no sense, the device is absent, or
            the loss is not finite.
        """
        values, device = plane_values(view), find_device(self.device, self.name)
        self._require_trainable(values, labels)
        train, validation = held_out(labels, self.validation, self.seed)
        if self.transform == "pixels":
            self.mean_, self.scale_ = 127.5, 127.5
        else:
            self.mean_, self.scale_ = plane_moments(values, train)
        self.n_classes_ = int(labels.max()) + 1
        planes, micro_batches = Planes(values, self.mean_, self.scale_), MicroBatches(self.batch_size, self.name)
        with reproducible(self.seed, device):
            network = self.network(values.shape[1:], self.n_classes_)
            initialise(network)
            trainer = Trainer(network.to(device), self.penalty, planes, labels, micro_batches)
            self._learn(trainer, train, validation)
        return self

    def _learn(self, trainer: Trainer, train: NDArray[np.intp], validation: NDArray[np.intp]) -> None:
        """Set `weights_` and `history_`."""
        import torch

        optimiser = torch.optim.Adam(trainer.network.parameters(), self.learning_rate, eps=ADAM_EPSILON, fused=True)
        self.history_: list[dict[str, float]] = []
        rng = np.random.default_rng(self.seed)
        best, waited, order = np.inf, 0, train
        for epoch in range(1, self.epochs + 1):
            if self.reshuffle:
                order = rng.permutation(train)
            batches = [order[start : start + self.batch_size] for start in range(0, len(order), self.batch_size)]
            train_loss = sum(trainer.step(rows, optimiser) * len(rows) for rows in batches) / len(order)
            loss = trainer.loss(validation)
            if not np.isfinite(loss):
                raise PluginError(
                    f"{self.name} has a validation loss of {loss} after epoch {epoch}; try a learning_rate below "
                    f"{self.learning_rate:g}."
                )
            self.history_.append({"epoch": epoch, "train_loss": train_loss, "val_loss": loss})
            waited += 1
            if loss < best:
                best, waited, self.weights_ = loss, 0, weights_of(trainer.network)
            if waited == self.patience:
                break

    def score(self, view: View) -> NDArray[np.float64]:
        """
        Score crops by the log odds of not being real: with two classes, fake logit minus real logit.

        Parameters
        ----------
        view : View of n_crops

        Returns
        -------
        array of float64 (n_crops,), finite
        """
        logarithms = self.class_scores(view)
        return np.logaddexp.reduce(logarithms[:, 1:], axis=1) - logarithms[:, 0]

    def class_scores(self, view: View) -> NDArray[np.float64]:
        """
        Log-probabilities of the classes.

        Parameters
        ----------
        view : View of n_crops

        Returns
        -------
        array of float64 (n_crops, n_classes)
        """
        import torch

        values, device = plane_values(view), find_device(self.device, self.name)
        planes = Planes(values, self.mean_, self.scale_)
        with torch.device("meta"):  # nothing is drawn for weights that are replaced
            network = self.network(values.shape[1:], self.n_classes_)
        network.load_state_dict({name: torch.from_numpy(value) for name, value in self.weights_.items()}, assign=True)
        # Double precision, so that a score does not show in which batch its crop came.
        network.to(device, torch.float64).eval()

        scores = np.empty((len(values), self.n_classes_))

        def work(rows: NDArray[np.intp]) -> None:
            scores[rows] = network(planes.batch(rows, np.float64).to(device)).log_softmax(1).cpu().numpy()

        with reproducible(self.seed, device), torch.inference_mode():
            MicroBatches(self.batch_size, self.name).run(np.arange(len(values)), work, lambda: None)
        return scores

    def _require_trainable(self, values: NDArray, labels: NDArray[np.int64]) -> None:
        rows, cols = values.shape[1:3]
        if min(rows, cols) < self.min_side:
            raise PluginError(f"{self.name} needs crops of at least {self.min_side}x{self.min_side}, got {rows}x{cols}.")
        counts = np.bincount(labels)
        for label in np.flatnonzero(counts < 2):
            kind = LABEL_NAMES[label] if len(counts) == 2 else f"of class {label}"
            raise PluginError(
                f"{self.name}.fit needs two crops of each class, to learn from and to hold out; got {counts[label]} {kind}."
            )
        for name in ("epochs", "patience", "batch_size"):
            if getattr(self, name) < 1:
                raise PluginError(f"{self.name} needs {name} of at least 1, got {getattr(self, name)}.")
        if not 0 < self.validation < 1:
            raise PluginError(f"{self.name} needs a validation share between 0 and 1, got {self.validation}.")
