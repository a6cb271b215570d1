"""
Training of small networks on planes of crops: everything but their layers.

PyTorch is imported inside the functions, so that the detectors can be listed without it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from operator import add
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from ...benchmark.arrays import Moments
from ...benchmark.contracts import LABEL_NAMES, Count, Detector, Features, Positive, Seed, Share, Transform, ViewSpec
from ...benchmark.devices import MicroBatches, find_device, reproducible
from ...benchmark.errors import PluginError
from .band_masking import BandMasking, MaskedBand, coefficient_frequency

if TYPE_CHECKING:
    import torch
    from torch import nn

ADAM_EPSILON = 1e-7  # Keras's, with which these networks were published; PyTorch's is a tenth of it
CROPS_AT_A_TIME = 64
Augment = Callable[[NDArray[np.float32], NDArray[np.intp]], NDArray[np.float32]]


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

    def standardised(self, rows: NDArray[np.intp], dtype: type[np.floating]) -> NDArray:
        """Return chosen crops as an array (n, rows, cols, channels) of `dtype`."""
        batch = self.values[rows].astype(dtype)
        batch -= np.asarray(self.mean, dtype=dtype)
        batch /= np.asarray(self.scale, dtype=dtype)
        return batch

    def batch(self, rows: NDArray[np.intp], dtype: type[np.floating]) -> "torch.Tensor":
        """Return chosen crops as a tensor (n, channels, rows, cols) of `dtype`, channels last in memory."""
        return as_tensor(self.standardised(rows, dtype))


def as_tensor(planes: NDArray) -> "torch.Tensor":
    """Return planes (n, rows, cols, channels) as a tensor (n, channels, rows, cols), channels last in memory."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(planes)).permute(0, 3, 1, 2)


def plane_values(view: Features) -> NDArray:
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
    batches = (values[rows[start : start + CROPS_AT_A_TIME]] for start in range(0, len(rows), CROPS_AT_A_TIME))
    moments = reduce(add, map(Moments.of, batches))
    return moments.mean, moments.scale


def held_out(labels: NDArray[np.int64], share: float, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """
    Split crops into training and validation crops, the same share of every class.

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
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


@dataclass(frozen=True)
class Trainer:
    """
    A network with its training data.

    Attributes
    ----------
    network : Module
    penalty : callable
        From the network to what is added to its mean cross-entropy.
    planes : Planes
    labels : array of int64 (n_crops,)
    micro_batches : MicroBatches
    augment : callable, optional
        From standardised crops (n, rows, cols, channels) and their row numbers to the crops that are learned from.
    """

    network: "nn.Module"
    penalty: "Callable[[nn.Module], torch.Tensor | float]"
    planes: Planes
    labels: NDArray[np.int64]
    micro_batches: MicroBatches
    augment: Augment | None = None

    def step(self, rows: NDArray[np.intp], optimiser: "torch.optim.Optimizer") -> float:
        """Learn from one batch; return its loss before."""
        self.network.train()

        def work(part: NDArray[np.intp]) -> float:
            loss = self._loss(part, len(rows), self.augment)
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

    def _loss(self, part: NDArray[np.intp], total: int, augment: Augment | None = None) -> "torch.Tensor":
        """Part of a loss that a part of `total` crops contributes."""
        import torch

        device = next(self.network.parameters()).device
        planes = self.planes.standardised(part, np.float32)
        if augment is not None:
            planes = augment(planes, part)
        logits = self.network(as_tensor(planes).to(device))
        targets = torch.from_numpy(self.labels[part]).to(device)
        mean = torch.nn.functional.cross_entropy(logits, targets)
        return (mean + self.penalty(self.network)) * (len(part) / total)


class TrainedNetwork(Detector):
    """
    Base of detectors that are a network.

    A subclass sets `name` and `transform`, and writes `network`, and `penalty` if it has one.

    Parameters
    ----------
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
    masked_band, masked_share
        Frequencies that are removed at random from training crops, see
        `bandbench.detectors.learning.band_masking.BandMasking`.

    Attributes
    ----------
    transform : {"log_dct", "pixels", "dct", "fft", "log_fft"}
        Pixels are scaled to -1..1; coefficients are z-scored, each over the crops that are learned from.
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
    transform: Transform

    def __init__(
        self,
        colour: bool = True,
        seed: Seed = 0,
        epochs: Count = 50,
        patience: Count = 5,
        batch_size: Count = 32,
        learning_rate: Positive = 0.001,
        validation: Share = 0.2,
        reshuffle: bool = True,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        masked_band: MaskedBand = "none",
        masked_share: Share = 0.15,
    ) -> None:
        self.colour = colour
        self.seed = seed
        self.epochs = epochs
        self.patience = patience
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation = validation
        self.reshuffle = reshuffle
        self.device = device
        self.masked_band = masked_band
        self.masked_share = masked_share

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
        """Return the term that is added to the mean cross-entropy."""
        return 0.0

    def initialise(self, network: "nn.Module") -> None:
        """Draw the weights that training begins with."""
        initialise(network)

    def optimiser(self, network: "nn.Module") -> "torch.optim.Optimizer":
        """Return the optimiser of a network."""
        import torch

        return torch.optim.Adam(network.parameters(), self.learning_rate, eps=ADAM_EPSILON, fused=True)

    def rate(self, progress: float) -> float:
        """
        Return the learning rate of a step.

        Parameters
        ----------
        progress : float
            Epochs that are done, a fraction of the present one included.
        """
        return self.learning_rate

    @property
    def augments(self) -> bool:
        """True if training crops are changed at random."""
        return BandMasking(self.masked_band, self.masked_share).is_active

    def augmented(self, planes: NDArray[np.float32], generators: Sequence[np.random.Generator]) -> NDArray[np.float32]:
        """
        Change training crops at random.

        Parameters
        ----------
        planes : array of float32 (n_crops, rows, cols, channels)
            Standardised.
        generators : sequence of Generator
            One for each crop; it depends on seed, epoch and row number, not on the batch.

        Returns
        -------
        array of float32 (n_crops, rows, cols, channels)
        """
        masking = BandMasking(self.masked_band, self.masked_share)
        if not masking.is_active:
            return planes
        if self.transform == "pixels":
            return masking.of_pictures(planes, generators)
        return masking.of_coefficients(planes, coefficient_frequency(self.transform, *planes.shape[1:3]), generators)

    def _augment(self, epoch: int, planes: NDArray[np.float32], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        return self.augmented(planes, [np.random.default_rng([self.seed, epoch, int(row)]) for row in rows])

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        """
        Train until the validation loss has stopped falling, and keep the best epoch.

        Parameters
        ----------
        view : Features of n_crops
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
            self.initialise(network)
            trainer = Trainer(network.to(device), self.penalty, planes, labels, micro_batches)
            self._learn(trainer, train, validation)
        return self

    def _learn(self, trainer: Trainer, train: NDArray[np.intp], validation: NDArray[np.intp]) -> None:
        """Set `weights_` and `history_`."""
        optimiser = self.optimiser(trainer.network)
        self.history_: list[dict[str, float]] = []
        rng = np.random.default_rng(self.seed)
        best, waited, order = np.inf, 0, train
        for epoch in range(1, self.epochs + 1):
            if self.reshuffle:
                order = rng.permutation(train)
            batches = [order[start : start + self.batch_size] for start in range(0, len(order), self.batch_size)]
            if self.augments:
                trainer = replace(trainer, augment=partial(self._augment, epoch))
            losses = []
            for number, rows in enumerate(batches):
                for group in optimiser.param_groups:
                    group["lr"] = self.rate(epoch - 1 + number / len(batches))
                losses.append(trainer.step(rows, optimiser) * len(rows))
            train_loss = sum(losses) / len(order)
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

    def score(self, view: Features) -> NDArray[np.float64]:
        """
        Score crops by the log odds of not being real: with two classes, fake logit minus real logit.

        Parameters
        ----------
        view : Features of n_crops

        Returns
        -------
        array of float64 (n_crops,), finite
        """
        logarithms = self.class_scores(view)
        return np.logaddexp.reduce(logarithms[:, 1:], axis=1) - logarithms[:, 0]

    def class_scores(self, view: Features) -> NDArray[np.float64]:
        """
        Log-probabilities of the classes.

        Parameters
        ----------
        view : Features of n_crops

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

    def require_side(self, side: int) -> None:
        self._require_least(side, side)

    def _require_least(self, rows: int, cols: int) -> None:
        if min(rows, cols) < self.min_side:
            raise PluginError(f"{self.name} needs crops of at least {self.min_side}x{self.min_side}, got {rows}x{cols}.")

    def _require_trainable(self, values: NDArray, labels: NDArray[np.int64]) -> None:
        self._require_least(*values.shape[1:3])
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
        BandMasking(self.masked_band, self.masked_share)


class NetworkDetector(TrainedNetwork):
    """
    Base of networks that see the transform which a parameter names.

    Parameters
    ----------
    transform : {"log_dct", "pixels", "dct", "fft", "log_fft"}
    colour, seed, epochs, patience, batch_size, learning_rate, validation, reshuffle, device, masked_band, masked_share
        As in `TrainedNetwork`.
    """

    def __init__(self, transform: Transform = "log_dct", **of_training: Any) -> None:
        super().__init__(**of_training)
        self.transform = transform
