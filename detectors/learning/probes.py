"""
Linear heads on frozen embeddings.

``logistic`` is fitted to its optimum. ``faithful`` is the training loop of the program of "The Role of Middle Frequencies in
General Deepfake Detection": a sigmoid whose output goes through another one in the loss, a few epochs of Adam, three quarters
of the batches in each, and the best of four looks at a tenth of the data per epoch. Two sigmoids keep that loss above 0.503 on
balanced data however good the embeddings are.
"""

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from ...benchmark.contracts import Count, Features, Positive, Seed, Share, ViewSpec
from ...benchmark.devices import reproducible
from ...benchmark.errors import PluginError, unknown_name
from ...benchmark.views.encoders.files import content_of
from .frozen import FrozenEncoder
from .logistic import fit_log_odds
from .networks import held_out

HEADS = ("logistic", "faithful")
SHARE_OF_BATCHES = 0.75
LOOKS_PER_EPOCH = 4


class EmbeddingProbe(FrozenEncoder):
    """
    Base of probes on a frozen encoder: a subclass sets `library` and `encoder`.

    Parameters
    ----------
    head : {"logistic", "faithful"}
    C : float
        Inverse strength of the L2 penalty on standardised embeddings (logistic head), as in scikit-learn.
    epochs, batch_size, learning_rate, validation
        Of the faithful head.
    statistics, side, resize, precision, compiled, device
        As in `bandbench.detectors.learning.frozen.FrozenEncoder`.
    seed : int
        Of the faithful head.

    Attributes
    ----------
    coef_ : array of float64 (n_features,)
    intercept_ : float
    content_ : str
        See `FrozenEncoder`.
    """

    stochastic = True

    def __init__(
        self,
        head: Literal["logistic", "faithful"] = "logistic",
        C: Positive = 1.0,
        statistics: str = "own",
        side: int = 0,
        resize: str = "bicubic",
        precision: Literal["float32", "bfloat16", "float16"] = "float32",
        compiled: bool = False,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        epochs: Count = 5,
        batch_size: Count = 128,
        learning_rate: Positive = 0.005,
        validation: Share = 0.1,
        seed: Seed = 0,
    ) -> None:
        super().__init__(statistics, side, resize, precision, compiled, device)
        self.head = head
        self.C = C
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation = validation
        self.seed = seed

    @property
    def view(self) -> ViewSpec:
        """Embeddings, see `FrozenEncoder.encoder_options`."""
        return ViewSpec("embedding", self.encoder_options())

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        """
        Fit the head.

        Parameters
        ----------
        view : Features of n_crops, float32 (n_crops, n_features)
        labels : array of int64 (n_crops,)

        Raises
        ------
        PluginError
            If the head is unknown, or a parameter makes no sense.
        """
        if self.head not in HEADS:
            raise PluginError(unknown_name(f"head of {self.name}", self.head, HEADS))
        self.content_ = content_of(*self.encoder)
        if not self.C > 0:
            raise PluginError(f"{self.name} needs C above 0, got {self.C}.")
        if self.head == "logistic":
            self.coef_, self.intercept_ = fit_log_odds(view.values, labels, self.C)
        else:
            self.coef_, self.intercept_ = self._published_head(view.values, labels)
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        """
        Log odds of being fake.

        Parameters
        ----------
        view : Features of n_crops

        Returns
        -------
        array of float64 (n_crops,)
        """
        # Row by row: a matrix product adds up in another order when it has other rows beside it.
        return np.einsum("ij,j->i", view.values.astype(np.float64), self.coef_) + self.intercept_

    def _published_head(self, values: NDArray, labels: NDArray[np.int64]) -> tuple[NDArray[np.float64], float]:
        import torch

        rows, looked_at = held_out(labels, self.validation, self.seed)
        inputs, targets = torch.from_numpy(np.array(values, dtype=np.float32)), torch.tensor(labels, dtype=torch.float32)
        with reproducible(self.seed, "cpu"):
            head = torch.nn.Linear(inputs.shape[1], 1)
            optimiser = torch.optim.Adam(head.parameters(), lr=self.learning_rate)

            def loss(chosen: NDArray[np.intp]) -> "torch.Tensor":
                once = torch.sigmoid(head(inputs[chosen])[:, 0])
                return torch.nn.functional.binary_cross_entropy_with_logits(once, targets[chosen])

            best, weights = np.inf, (head.weight.detach().clone(), head.bias.detach().clone())
            rng = np.random.default_rng(self.seed)
            for _ in range(self.epochs):
                order = rng.permutation(rows)
                batches = [order[start : start + self.batch_size] for start in range(0, len(order), self.batch_size)]
                batches = batches[: max(1, round(SHARE_OF_BATCHES * len(batches)))]
                looks = {round(len(batches) * (k + 1) / LOOKS_PER_EPOCH) for k in range(LOOKS_PER_EPOCH)}
                for number, batch in enumerate(batches, 1):
                    optimiser.zero_grad()
                    loss(batch).backward()
                    optimiser.step()
                    if number in looks:
                        with torch.inference_mode():
                            value = float(loss(looked_at))
                        if value < best:
                            best, weights = value, (head.weight.detach().clone(), head.bias.detach().clone())
        return weights[0][0].double().numpy(), float(weights[1][0])
