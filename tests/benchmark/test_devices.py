"""Devices: PyTorch repeats itself, compiles where it can, and gets along with the memory that there is."""

import logging
import re
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from bandbench.benchmark import devices
from bandbench.benchmark.devices import Graph, MicroBatches, find_device, memory_errors, quiet, reproducible
from bandbench.benchmark.errors import PluginError


def test_a_lack_of_main_memory_is_one_of_memory() -> None:
    with pytest.raises(torch.OutOfMemoryError, match="can't allocate memory"), memory_errors():
        torch.empty(2**58)
    with pytest.raises(RuntimeError, match="shape") as other, memory_errors():
        torch.empty(2, 3) @ torch.empty(2, 3)
    assert not isinstance(other.value, torch.OutOfMemoryError)


@pytest.mark.filterwarnings("ignore:.*out of memory")
def test_half_of_what_there_was_not_of_what_there_might_have_been() -> None:
    def work(rows: np.ndarray) -> int:
        with memory_errors():
            torch.empty(2**58 if len(rows) > 3 else 1)
        return len(rows)

    micro_batches = MicroBatches(256, "mine")
    with pytest.warns(UserWarning) as told:
        assert micro_batches.run(np.arange(12), work, lambda: None) == [3, 3, 3, 3]
    assert [int(re.findall(r"\d+", str(one.message))[0]) for one in told] == [6, 3]


@pytest.fixture
def shapes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Shapes that graphs are compiled for, by a compiler that writes them down and leaves the graph as it is."""
    compiled: list[tuple[int, ...]] = []

    def compiler(graph: Any, inputs: Any) -> Any:
        compiled.extend(tuple(one.shape) for one in inputs if one.ndim == 2)
        return graph.forward

    monkeypatch.setattr(devices, "COMPILER", compiler)
    torch._dynamo.reset()
    return compiled


def doubled(batch: torch.Tensor) -> torch.Tensor:
    return 2 * batch + 1


def test_one_graph_for_batches_of_one_size_and_a_smaller_last_one(shapes: list[tuple[int, ...]]) -> None:
    graph = Graph(doubled, "mine")
    with torch.inference_mode():
        rows = torch.arange(60.0).reshape(3, 20).T  # not in the order of memory
        found = torch.cat([graph(rows[start : start + 8]) for start in range(0, 20, 8)])
        assert torch.equal(found, doubled(rows)) and shapes == [(8, 3)]
        assert torch.equal(graph(rows[:9]), doubled(rows[:9])) and shapes == [(8, 3), (16, 3)]


def test_where_compiling_is_impossible_it_says_so_once_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_compiler(graph: Any, inputs: Any) -> Any:
        raise OSError("there is no compiler for C++.")

    monkeypatch.setattr(devices, "COMPILER", no_compiler)
    torch._dynamo.reset()
    graph = Graph(lambda batch: doubled(batch) - 1, "mine")
    with pytest.warns(
        UserWarning, match=r"mine cannot be compiled here and runs without that: .*no compiler for C\+\+"
    ) as told:
        for _ in range(2):
            assert torch.equal(graph(torch.ones(3, 2)), torch.full((3, 2), 2.0))
    assert len(told) == 1
    with pytest.raises(RuntimeError, match="shape"):
        Graph(lambda batch: batch @ torch.ones(7, 1), "mine")(torch.ones(3, 2))


@pytest.mark.filterwarnings("ignore:.*out of memory")
def test_a_compiled_batch_without_room_is_compiled_smaller(shapes: list[tuple[int, ...]]) -> None:
    graph = Graph(doubled, "mine")
    rows = torch.arange(16.0).reshape(8, 2)

    def work(part: np.ndarray) -> torch.Tensor:
        found = graph(rows[part])
        if len(part) > 4:
            graph.rows = 0
            raise torch.OutOfMemoryError("no room")
        return found

    assert torch.equal(torch.cat(MicroBatches(8, "mine").run(np.arange(8), work, lambda: None)), doubled(rows))
    assert shapes == [(8, 2), (4, 2)]


def test_after_a_lack_of_memory_a_batch_begins_anew() -> None:
    log: list[object] = []

    def work(rows: np.ndarray) -> None:
        if len(rows) > 2 and rows[0] == 4:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        log.append(rows.tolist())

    micro_batches = MicroBatches(4, "mine")
    with pytest.warns(UserWarning, match="mine ran out of memory and goes on with 2 crops at a time"):
        micro_batches.run(np.arange(8), work, lambda: log.append("begin"))
    assert log == ["begin", [0, 1, 2, 3], "begin", [0, 1], [2, 3], [4, 5], [6, 7]]
    assert micro_batches.size == 2


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_the_random_state_and_the_threads_are_left_as_they_were() -> None:
    torch.manual_seed(11)
    wanted = torch.rand(3)
    torch.manual_seed(11)
    with reproducible(0, "cpu"):
        first = torch.rand(5)
        assert torch.get_num_threads() == 1
    with reproducible(0, "cpu"):
        assert torch.equal(torch.rand(5), first)
    assert torch.get_num_threads() == 2
    assert torch.equal(torch.rand(3), wanted)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("tpu", "mine runs on the devices auto, cpu, cuda, got 'tpu'"),
        ("cuda", "mine was told device='cuda', but PyTorch .* finds no such device"),
    ],
)
def test_a_device_that_is_not_there(wanted: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(PluginError, match=message):
        find_device(wanted, "mine")
    assert find_device("auto", "mine") == "cpu"


def test_libraries_are_quiet_for_a_block_only() -> None:
    with quiet(), warnings.catch_warnings(record=True) as inside:
        warnings.warn("in many lines", UserWarning, stacklevel=1)
        assert logging.root.manager.disable == logging.CRITICAL
    assert not inside
    assert logging.root.manager.disable != logging.CRITICAL
    with pytest.warns(UserWarning, match="afterwards"):
        warnings.warn("afterwards", UserWarning, stacklevel=1)
