"""State of a training: whole or not at all, and the same after it was put back."""

import numpy as np
import pytest

from bandbench.detectors.learning.checkpoints import Checkpoint, optimiser_arrays, part_of, restore_optimiser

torch = pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")


def test_what_was_kept_comes_back_until_it_is_cleared() -> None:
    place = Checkpoint(["a", 1])
    assert place.load() is None
    for epoch in (1, 2):
        place.save({"network/w": np.full(3, epoch)}, {"epoch": epoch})
        arrays, values = place.load() or ({}, {})
        assert values == {"epoch": epoch} and (part_of(arrays, "network")["w"] == epoch).all()
    assert Checkpoint(["a", 2]).load() is None
    place.clear()
    assert place.load() is None and not list(place.folder.parent.iterdir())


def test_a_kill_between_two_renames_leaves_the_old_state() -> None:
    place = Checkpoint(["b"])
    place.save({"w": np.ones(2)}, {"epoch": 7})
    place.folder.rename(place.folder.with_name(f".{place.folder.name}.old"))
    state = place.load()
    assert state is not None
    assert state[1] == {"epoch": 7}


def test_a_damaged_state_counts_as_none() -> None:
    place = Checkpoint(["c"])
    place.save({"w": np.ones(200)}, {"epoch": 1})
    file = place.folder / "state.safetensors"
    file.write_bytes(file.read_bytes()[:50])
    assert place.load() is None


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_an_optimiser_goes_on_as_if_nothing_had_happened(kind: str) -> None:
    def begin() -> tuple:
        torch.manual_seed(0)
        layer = torch.nn.Linear(4, 1)
        options = {"momentum": 0.9} if kind == "SGD" else {}
        return layer, getattr(torch.optim, kind)(layer.parameters(), lr=0.1, **options)

    def step(layer, optimiser) -> None:
        optimiser.zero_grad()
        layer(torch.ones(2, 4)).square().sum().backward()
        optimiser.step()

    whole, whole_optimiser = begin()
    first, first_optimiser = begin()
    for _ in range(3):
        step(whole, whole_optimiser)
        step(first, first_optimiser)
    second, second_optimiser = begin()
    second.load_state_dict(first.state_dict())
    restore_optimiser(second_optimiser, optimiser_arrays(first_optimiser))
    for _ in range(3):
        step(whole, whole_optimiser)
        step(second, second_optimiser)
    assert torch.equal(whole.weight, second.weight)
