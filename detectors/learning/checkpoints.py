"""Checkpoints of a training: weights, optimiser and history of the last epoch, without pickle."""

import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...benchmark.store.files import digest, publish_folder, read_json, write_arrays, write_json
from ...benchmark.store.folders import cache_root

if TYPE_CHECKING:
    import torch

Arrays = dict[str, NDArray]


class Checkpoint:
    """
    Folder in the cache for the state of one training.

    Parameters
    ----------
    key : list
        Everything that the training depends on: another one has another place.
    """

    def __init__(self, key: list[Any]) -> None:
        self.folder = cache_root() / "training" / digest(key)[:32]

    def save(self, arrays: Mapping[str, NDArray], values: dict[str, Any]) -> None:
        """Write the state completely or not at all."""
        temporary = self.folder.with_name(f".{self.folder.name}.new")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        write_arrays(temporary / "state.safetensors", {name: np.ascontiguousarray(value) for name, value in arrays.items()})
        write_json(temporary / "state.json", values)
        old = self.folder.with_name(f".{self.folder.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if self.folder.is_dir():
            self.folder.rename(old)
        publish_folder(temporary, self.folder)
        shutil.rmtree(old, ignore_errors=True)

    def load(self) -> tuple[Arrays, dict[str, Any]] | None:
        """Return arrays and values of the last `save`; None if there was none, or its files are damaged."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        for folder in (self.folder, self.folder.with_name(f".{self.folder.name}.old")):
            values = read_json(folder / "state.json")
            if values is None:
                continue
            try:
                return load_file(folder / "state.safetensors"), values
            except (OSError, SafetensorError):
                continue
        return None

    def clear(self) -> None:
        """Delete the state, as after the end of the training."""
        for name in (self.folder.name, f".{self.folder.name}.old", f".{self.folder.name}.new"):
            shutil.rmtree(self.folder.with_name(name), ignore_errors=True)


def optimiser_arrays(optimiser: "torch.optim.Optimizer") -> Arrays:
    """Return the state of an optimiser for each parameter, as ``optimiser/NUMBER/NAME``."""
    state = optimiser.state_dict()["state"]
    return {f"optimiser/{i}/{name}": np.asarray(value.cpu()) for i, values in state.items() for name, value in values.items()}


def restore_optimiser(optimiser: "torch.optim.Optimizer", arrays: Mapping[str, NDArray]) -> None:
    """Restore the state that `optimiser_arrays` returned."""
    import torch

    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in arrays.items():
        kind, _, rest = key.partition("/")
        if kind == "optimiser":
            number, _, name = rest.partition("/")
            state.setdefault(int(number), {})[name] = torch.from_numpy(np.array(value))
    present = optimiser.state_dict()
    optimiser.load_state_dict({"state": state, "param_groups": present["param_groups"]})


def part_of(arrays: Mapping[str, NDArray], name: str) -> Arrays:
    """Select the arrays below ``name/``, without that prefix."""
    return {key.removeprefix(f"{name}/"): value for key, value in arrays.items() if key.startswith(f"{name}/")}
