"""Software of a machine: versions, source code, and the code that linear algebra has chosen."""

import importlib.metadata
import platform

import pytest

from bandbench.benchmark.cluster import software
from bandbench.benchmark.cluster.software import LIBRARIES, OPTIONAL, Software


def test_every_library_that_computes_has_its_version() -> None:
    found = Software.here().versions
    assert platform.python_version().startswith(f"{found['Python']}.")
    assert set(LIBRARIES) <= set(found) <= {"Python", *LIBRARIES, *OPTIONAL}
    assert found["numpy"] == importlib.metadata.version("numpy")


def test_an_edit_of_any_file_changes_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = software._code_digest()
    monkeypatch.setattr(software, "FOLDERS", software.FOLDERS[:-1])
    software._code_digest.cache_clear()
    assert software._code_digest() != before
    monkeypatch.undo()
    software._code_digest.cache_clear()
    assert software._code_digest() == before


def test_linear_algebra_names_its_kernel() -> None:
    assert all(" for " in kernel for kernel in Software.here().kernels)
    assert Software.here().kernels
