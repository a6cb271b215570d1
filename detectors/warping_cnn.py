"""A network that learns from real faces only and makes its fakes itself (arXiv 1811.00656)."""

import contextlib
import hashlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from ..benchmark.contracts import Count, Detector, Features, Positive, Seed, Share, ViewSpec
from ..benchmark.devices import MicroBatches, find_device, quiet, reproducible
from ..benchmark.errors import PluginError
from ..benchmark.views.encoders.files import content_of
from ..benchmark.views.encoders.published import from_server
from ..benchmark.views.encoders.spec import IMAGENET_MEAN, IMAGENET_STD
from .forensics.warping import ALL_MASKS, Warping, turned
from .learning.band_masking import BAND_MASKED, BandMasking, MaskedBand
from .learning.checkpoints import Checkpoint, optimiser_arrays, part_of, restore_optimiser
from .learning.networks import weights_of
from .published import li_lyu

if TYPE_CHECKING:
    import torch
    from torch import nn

PUBLISHED = "pretrained"
OPTIMISERS = ("sgd", "adam")
VALIDATION_DRAW = 2**31  # in the place of an epoch: validation crops are drawn once
PICTURES_AT_A_TIME = 64


class WarpingCNN(Detector):
    """
    A classifier of real faces against the same faces, warped: brought to another scale, blurred, and pasted back.

    It learns from the real crops of the training domain alone; half of every batch is made into fakes, anew in every epoch.
    A picture's score is the mean of the upper half of the fake probabilities of ten windows, as log odds.

    Parameters
    ----------
    backbone : str
        Of timm: ``resnet50``, ``vgg16``, ``xception`` …
    weights : str
        Path of a file of the backbone's weights, ``pretrained`` (published ones, which timm fetches), or empty: drawn.
    side : int
        Windows are resized to it, in pixels.
    scales : list of two float
        A face is brought to a random scale between them.
    masks : list of str
        What is pasted back: ``square``, ``ellipse``, ``hull`` between brows and mouth, ``cheeks`` (the hull with them).
    region : float
        Side of the face as a share of the crop's.
    colour : bool
        Change the colours of both classes at random.
    turn : bool
        Also turn, scale and shift both classes at random by a little, as the published program can; the paper does not say so.
    epochs, patience : int
        At most, and without a lower validation loss.
    mining_epochs : int
        After them, on the harder half of the crops, at a tenth of the rate.
    batch_size : int
    optimiser : {"sgd", "adam"}
    learning_rate : float
        Times `decay` every `decay_steps` steps (sgd).
    decay : float
    decay_steps : int
    validation : float
        Share of the real crops that is held out.
    windows : int
        Per scored picture.
    precision : {"float32", "bfloat16"}
        Of training on CUDA.
    resume : bool
        Go on where a killed training of the same crops and parameters stopped.
    seed : int
    device : {"auto", "cpu", "cuda"}
    masked_band, masked_share
        Frequencies that are removed at random from the windows that are learned from, see
        `bandbench.detectors.learning.band_masking.BandMasking`; in cycles per pixel of the window.

    Attributes
    ----------
    weights_ : dict of arrays
        Of the epoch with the lowest validation loss.
    history_ : list of dict
        ``epoch``, ``train_loss``, ``val_loss`` (nats), ``val_accuracy``, ``learning_rate``.

    Notes
    -----
    Warped is fake, always. In a widespread program for this idea half of the warped pictures, and warped reals, carry the label
    of real ones.
    """

    name = "warping_cnn"
    source = "Li and Lyu, arXiv 1811.00656"
    stochastic = True
    extra = "deep"
    needs = ("torch", "timm")
    learns_from = "real"
    weights_: dict[str, NDArray]
    history_: list[dict[str, float]]
    reported = li_lyu.WARPING_CNN
    presets = {
        "faithful": {"weights": PUBLISHED, "masks": ["square", "hull"], "epochs": 20, "mining_epochs": 20, "patience": 20},
        "tiny": {
            "backbone": "test_resnet",
            "side": 64,
            "epochs": 8,
            "batch_size": 8,
            "optimiser": "adam",
            "learning_rate": 0.003,
        },
        "band_masked": BAND_MASKED,
    }

    def __init__(
        self,
        backbone: str = "resnet50",
        weights: str = "",
        side: int = 224,
        scales: list[float] = [0.25, 0.9],  # noqa: B006 (stored and never changed)
        masks: list[str] = ["square", "ellipse", "hull"],  # noqa: B006
        region: float = 0.7,
        colour: bool = True,
        turn: bool = False,
        epochs: Count = 20,
        patience: Count = 5,
        mining_epochs: int = 0,
        batch_size: Count = 64,
        optimiser: Literal["sgd", "adam"] = "sgd",
        learning_rate: Positive = 0.001,
        decay: float = 0.95,
        decay_steps: Count = 1000,
        validation: Share = 0.2,
        windows: Count = 10,
        precision: Literal["float32", "bfloat16", "float16"] = "float32",
        resume: bool = True,
        seed: Seed = 0,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        masked_band: MaskedBand = "none",
        masked_share: Share = 0.15,
    ) -> None:
        self.backbone = backbone
        self.weights = weights
        self.side = side
        self.scales = scales
        self.masks = masks
        self.region = region
        self.colour = colour
        self.turn = turn
        self.epochs = epochs
        self.patience = patience
        self.mining_epochs = mining_epochs
        self.batch_size = batch_size
        self.optimiser = optimiser
        self.learning_rate = learning_rate
        self.decay = decay
        self.decay_steps = decay_steps
        self.validation = validation
        self.windows = windows
        self.precision = precision
        self.resume = resume
        self.seed = seed
        self.device = device
        self.masked_band = masked_band
        self.masked_share = masked_share

    @property
    def view(self) -> ViewSpec:
        """
        Colour pictures.

        Raises
        ------
        PluginError
            If it is still to learn, and its file of weights is not there: before pictures are prepared.
        """
        if not hasattr(self, "weights_"):
            self._weights_file()
        return ViewSpec("pixels", {"colour": True})

    # --- learning ----------------------------------------------------------------------------------------------------

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        """
        Learn from the real crops.

        Parameters
        ----------
        view : Features of n_crops, uint8 (n_crops, side, side, 3)
        labels : array of int64 (n_crops,)

        Raises
        ------
        PluginError
            If there are fewer than four real crops, a parameter makes no sense, the backbone or its weights cannot be
            loaded, the device is absent, or the loss is not finite.
        """
        self._require_sense()
        device = find_device(self.device, self.name)
        reals = np.flatnonzero(labels == 0)
        if len(reals) < 4:
            raise PluginError(f"{self.name} learns from real crops and needs four of them, got {len(reals)}.")
        with reproducible(self.seed, device):
            _Training(self, view.values, reals, device).run()
        return self

    def _require_sense(self) -> None:
        for name in ("epochs", "patience", "batch_size", "windows", "decay_steps"):
            if getattr(self, name) < 1:
                raise PluginError(f"{self.name} needs {name} of at least 1, got {getattr(self, name)}.")
        if self.optimiser not in OPTIMISERS:
            raise PluginError(f"{self.name} knows the optimisers {', '.join(OPTIMISERS)}, got {self.optimiser!r}.")
        if not 0 < self.validation < 1:
            raise PluginError(f"{self.name} needs a validation share between 0 and 1, got {self.validation}.")
        if len(self.scales) != 2 or not 0 < self.scales[0] <= self.scales[1]:
            raise PluginError(f"{self.name} needs scales [low, high] with 0 < low <= high, got {self.scales}.")
        if not self.masks or not set(self.masks) <= set(ALL_MASKS):
            raise PluginError(f"{self.name} knows the masks {', '.join(ALL_MASKS)}, got {self.masks}.")
        BandMasking(self.masked_band, self.masked_share)

    @property
    def warping(self) -> Warping:
        """Recipe that makes the fakes."""
        return Warping((self.scales[0], self.scales[1]), tuple(self.masks), self.region, self.colour)  # type: ignore[arg-type]

    def network(self, pretrained: bool) -> "nn.Module":
        """
        Build the backbone with one logit.

        Raises
        ------
        PluginError
            If it is unknown, or its weights are missing, damaged or of another backbone.
        """
        import timm

        fetched = pretrained and self.weights == PUBLISHED
        file = self._weights_file() if pretrained else None
        copy = f"weights=FILE, of the backbone {self.backbone}"
        fetching = from_server(f"the published {self.backbone} of timm", copy) if fetched else contextlib.nullcontext()
        try:
            with quiet(), fetching:
                network = timm.create_model(self.backbone, num_classes=1, pretrained=fetched)
                if file:
                    _take_over(network, timm.models.load_state_dict(str(file), weights_only=True))
                return network
        except PluginError:
            raise
        except Exception as error:  # files and servers fail in many ways
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            raise PluginError(
                f"{self.name} cannot use the backbone '{self.backbone}' with weights '{self.weights}': {reason}. Backbones are "
                f"those of timm; weights are a file of the same backbone, 'pretrained', or nothing."
            ) from error

    def _weights_file(self) -> Path | None:
        """File of the initial weights; None for published and for drawn ones."""
        if self.weights in ("", PUBLISHED):
            return None
        file = Path(self.weights).expanduser()
        if not file.is_file():
            raise PluginError(
                f"{self.name}: there is no weights file {file.absolute()}; check the path, or take 'pretrained' or nothing."
            )
        return file

    def key(self, values: NDArray) -> list[Any]:
        """Everything that a training depends on."""
        crops = hashlib.sha256()
        for crop in values:
            crops.update(np.ascontiguousarray(crop).tobytes())
        return [self.name, self.version, self.parameters(), content_of(self.weights), crops.hexdigest(), list(values.shape)]

    # --- scoring -----------------------------------------------------------------------------------------------------

    def score(self, view: Features) -> NDArray[np.float64]:
        """
        Score crops.

        Parameters
        ----------
        view : Features of n_crops, uint8 (n_crops, side, side, 3)

        Returns
        -------
        array of float64 (n_crops,)
        """
        import torch

        device = find_device(self.device, self.name)
        network = self.network(pretrained=False)
        network.load_state_dict({name: torch.from_numpy(value) for name, value in self.weights_.items()}, strict=False)
        # Double precision, so that a score does not show in which batch its crop came.
        network.to(device, torch.float64).eval()
        windows = [np.random.default_rng([number, 0]) for number in range(self.windows)]
        places = [_window(view.values.shape[1:3], rng) for rng in windows]
        scores = np.empty(len(view))

        def work(rows: NDArray[np.intp]) -> None:
            crops = [self.shown(view.values[row], place) for row in rows for place in places]
            logits = network(self.batch(crops, torch.float64).to(device))[:, 0].cpu().numpy().reshape(len(rows), -1)
            upper = np.sort(logits, axis=1)[:, -max(1, (self.windows + 1) // 2) :]
            share = np.clip(np.mean(1 / (1 + np.exp(-upper)), axis=1), 1e-12, 1 - 1e-12)
            scores[rows] = np.log(share / (1 - share))

        at_a_time = max(1, PICTURES_AT_A_TIME // self.windows)
        with reproducible(self.seed, device), torch.inference_mode():
            MicroBatches(at_a_time, self.name).run(np.arange(len(view)), work, lambda: None)
        return scores

    def shown(self, crop: NDArray[np.uint8], place: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        """Cut a window (left, top, right, bottom) and resize it to the network's side."""
        import cv2

        left, top, right, bottom = place
        return np.asarray(cv2.resize(crop[top:bottom, left:right], (self.side, self.side)), dtype=np.uint8)

    @staticmethod
    def batch(crops: list[NDArray[np.uint8]], dtype: "torch.dtype") -> "torch.Tensor":
        """Normalise crops to (n, 3, side, side)."""
        import torch

        pictures = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).to(dtype) / 255
        mean, std = (torch.tensor(v, dtype=dtype)[:, None, None] for v in (IMAGENET_MEAN, IMAGENET_STD))
        return (pictures - mean) / std


def _window(shape: tuple[int, int], rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Draw a window of 85 to 100 % of a crop's sides."""
    height, width = (max(1, round(side * rng.uniform(0.85, 1))) for side in shape)
    top, left = int(rng.integers(0, shape[0] - height + 1)), int(rng.integers(0, shape[1] - width + 1))
    return left, top, left + width, top + height


def _take_over(network: "nn.Module", state: "dict[str, torch.Tensor]") -> None:
    """Load weights from a file, all but those of the classifier, which has other classes there."""
    own = network.state_dict()
    fitting = {name: value for name, value in state.items() if name in own and own[name].shape == value.shape}
    if len(fitting) < 0.8 * len(own):
        raise PluginError(
            f"warping_cnn: only {len(fitting)} of {len(own)} weights of the backbone are in the file; it is of another one."
        )
    network.load_state_dict(fitting, strict=False)


class _Training:
    """One training of a `WarpingCNN`, epoch by epoch, each of which can be the first after a kill."""

    def __init__(self, detector: WarpingCNN, values: NDArray, reals: NDArray[np.intp], device: str) -> None:
        import torch

        self.detector, self.values, self.device = detector, values, device
        order = np.random.default_rng(detector.seed).permutation(reals)
        n_held_out = int(np.clip(round(detector.validation * len(order)), 1, len(order) - 2))
        self.held_out, self.rows = order[:n_held_out], order[n_held_out:]
        self.network = detector.network(pretrained=True).to(device)
        self._require_side()
        rate = detector.learning_rate
        if detector.optimiser == "sgd":
            self.optimiser: torch.optim.Optimizer = torch.optim.SGD(self.network.parameters(), rate, momentum=0.9)
        else:
            self.optimiser = torch.optim.Adam(self.network.parameters(), rate)
        self.steps = 0
        self.best, self.waited = float("inf"), 0
        self.parts = MicroBatches(detector.batch_size, detector.name)

    def _require_side(self) -> None:
        """Run the network on an empty picture: some take one side only, or none below their patches."""
        import torch

        side = self.detector.side
        try:
            with torch.inference_mode():
                self.network.eval()(torch.zeros((1, 3, side, side), device=self.device))
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, ValueError, AssertionError) as error:
            reason = " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
            raise PluginError(
                f"{self.detector.name}: the backbone {self.detector.backbone} takes no windows of {side}x{side} pixels: "
                f"{reason}. Choose another side or backbone."
            ) from error

    def run(self) -> None:
        """Train to the end; sets `weights_` and `history_` of the detector."""
        detector = self.detector
        detector.history_ = []
        place = Checkpoint(detector.key(self.values[np.sort(np.concatenate([self.rows, self.held_out]))]))
        first = self._resumed(place) if detector.resume else 1
        for epoch in range(first, detector.epochs + detector.mining_epochs + 1):
            if self.waited >= detector.patience and epoch <= detector.epochs:
                continue
            self._epoch(epoch)
            if detector.resume:
                self._keep(place, epoch)
        place.clear()

    def _epoch(self, epoch: int) -> None:
        import torch

        detector = self.detector
        torch.manual_seed(detector.seed * 100_003 + epoch)  # of dropout; an epoch after a kill draws the same
        mining = epoch > detector.epochs
        rows = self._hard_half(epoch) if mining else self.rows
        order = np.random.default_rng([detector.seed, epoch]).permutation(rows)
        losses = [self._step(part, epoch, mining) for part in _parts(order, detector.batch_size)]
        loss, accuracy = self._look()
        if not np.isfinite(loss):
            raise PluginError(
                f"{detector.name} has a validation loss of {loss} after epoch {epoch}; try a learning_rate below "
                f"{detector.learning_rate:g}."
            )
        rate = self.optimiser.param_groups[0]["lr"]
        numbers = {"epoch": epoch, "train_loss": float(np.mean(losses)), "val_loss": loss, "val_accuracy": accuracy}
        detector.history_.append({**numbers, "learning_rate": rate})
        self.waited += 1
        if loss < self.best:
            self.best, self.waited, detector.weights_ = loss, 0, weights_of(self.network)

    def _step(self, rows: NDArray[np.intp], epoch: int, mining: bool) -> float:
        """Learn from one batch, every second crop of it made a fake; return its loss before."""
        import torch

        detector = self.detector
        if detector.optimiser == "sgd":
            rate = detector.learning_rate * (0.1 if mining else 1.0) * detector.decay ** (self.steps // detector.decay_steps)
            self.optimiser.param_groups[0]["lr"] = rate
        self.steps += 1
        self.network.train()
        fakes = np.arange(len(rows)) % 2

        def work(part: NDArray[np.intp]) -> float:
            pictures, targets = self._drawn(rows[part], fakes[part], epoch)
            pictures = self._masked(pictures, rows[part], epoch)
            with torch.autocast(self.device, getattr(torch, detector.precision), enabled=self.device == "cuda"):
                logits = self.network(pictures)[:, 0]
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), targets) * (len(part) / len(rows))
            loss.backward()
            return loss.item()

        losses = self.parts.run(np.arange(len(rows)), work, self.optimiser.zero_grad)
        self.optimiser.step()
        return sum(losses)

    def _look(self) -> tuple[float, float]:
        """Loss and accuracy on held-out crops, each once as it is and once warped, always in the same way."""
        losses = self._losses(self.held_out, VALIDATION_DRAW)
        return float(losses.mean()), float((losses < np.log(2)).mean())

    def _losses(self, rows: NDArray[np.intp], draw: int) -> NDArray[np.float64]:
        """Loss of every crop as it is, then of every crop warped."""
        import torch

        both = np.concatenate([rows, rows])
        fakes = np.repeat([0, 1], len(rows))
        self.network.eval()

        def work(part: NDArray[np.intp]) -> NDArray[np.float64]:
            pictures, targets = self._drawn(both[part], fakes[part], draw)
            logits = self.network(pictures)[:, 0].float()
            losses = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
            return losses.double().cpu().numpy()

        with torch.inference_mode():
            return np.concatenate(self.parts.run(np.arange(len(both)), work, lambda: None))

    def _hard_half(self, epoch: int) -> NDArray[np.intp]:
        """The half of the crops with the larger loss."""
        losses = self._losses(self.rows, epoch).reshape(2, -1).max(axis=0)
        return self.rows[np.argsort(-losses, kind="stable")[: max(2, len(self.rows) // 2)]]

    def _drawn(self, rows: NDArray[np.intp], fakes: NDArray, draw: int) -> "tuple[torch.Tensor, torch.Tensor]":
        """Make the pictures of some rows: what is drawn depends on row and draw alone."""
        import torch

        detector, crops = self.detector, []
        warping = detector.warping
        for row, fake in zip(rows, fakes, strict=True):
            rng = np.random.default_rng([detector.seed, draw, int(row), int(fake)])
            crop = np.asarray(self.values[row])
            crop = warping.fake(crop, rng) if fake else crop
            crop = turned(crop, rng) if detector.turn else crop
            crop = warping.changed_colours(crop, rng)
            crop = crop[:, ::-1] if not detector.turn and rng.random() < 0.5 else crop
            crops.append(detector.shown(np.ascontiguousarray(crop), _window(crop.shape[:2], rng)))
        pictures = detector.batch(crops, torch.float32)
        return pictures.to(self.device), torch.tensor(fakes, dtype=torch.float32, device=self.device)

    def _masked(self, pictures: "torch.Tensor", rows: NDArray[np.intp], epoch: int) -> "torch.Tensor":
        """Remove the frequencies that the detector masks from windows (n, 3, side, side) that are learned from."""
        import torch

        masking = BandMasking(self.detector.masked_band, self.detector.masked_share)
        if not masking.is_active:
            return pictures
        # The fifth number keeps these draws apart from those of the windows.
        generators = [np.random.default_rng([self.detector.seed, epoch, int(row), 0, 1]) for row in rows]
        masked = masking.of_pictures(pictures.permute(0, 2, 3, 1).cpu().numpy(), generators)
        return torch.from_numpy(np.ascontiguousarray(masked.transpose(0, 3, 1, 2))).to(self.device)

    # --- after a kill ------------------------------------------------------------------------------------------------

    def _keep(self, place: Checkpoint, epoch: int) -> None:
        arrays = {f"network/{name}": value.cpu().numpy() for name, value in self.network.state_dict().items()}
        arrays |= {f"best/{name}": value for name, value in self.detector.weights_.items()}
        arrays |= optimiser_arrays(self.optimiser)
        state = {"epoch": epoch, "steps": self.steps, "best": self.best, "waited": self.waited}
        place.save(arrays, {**state, "history": self.detector.history_})

    def _resumed(self, place: Checkpoint) -> int:
        """Restore a saved state; return the epoch to begin with."""
        import torch

        checkpoint = place.load()
        if checkpoint is None:
            return 1
        arrays, state = checkpoint
        self.network.load_state_dict({k: torch.from_numpy(np.array(v)) for k, v in part_of(arrays, "network").items()})
        restore_optimiser(self.optimiser, arrays)
        self.detector.weights_ = part_of(arrays, "best")
        self.detector.history_ = state["history"]
        self.steps, self.best, self.waited = state["steps"], state["best"], state["waited"]
        logging.getLogger(__name__).warning(self._resume_message(state["epoch"]))
        return state["epoch"] + 1

    def _resume_message(self, epoch: int) -> str:
        """Build the message about a resumed training."""
        detector = self.detector
        return (
            f"{detector.name} (seed {detector.seed}) goes on after epoch {epoch} of at most "
            f"{detector.epochs + detector.mining_epochs}: a training of the same crops and parameters was cut off there. "
            f"To begin anew: --param resume=false."
        )


def _parts(rows: NDArray[np.intp], size: int) -> list[NDArray[np.intp]]:
    """Cut rows into batches; a last batch of one crop joins the one before, for a batch norm needs two."""
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [np.concatenate(parts[-2:])]
    return parts
