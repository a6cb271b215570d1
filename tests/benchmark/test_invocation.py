"""Commands that messages suggest can be typed where the program was started, and fit how it was installed."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from bandbench.benchmark import invocation
from bandbench.benchmark.errors import DataError, PluginError
from bandbench.benchmark.invocation import Installation, bench, extra_missing, install_extra, try_import


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program of an environment that is not on PATH, started from the folder above."""
    path = tmp_path / ".venv" / "bin" / "bench"
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv("UV_RUN_RECURSION_DEPTH", raising=False)
    return path


def test_a_program_is_suggested_as_it_was_typed(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for typed in (".venv/bin/bench", str(script)):
        monkeypatch.setattr(sys, "argv", [typed, "run"])
        assert bench("ui") == ".venv/bin/bench ui"
    (script.parent.parent.parent / "below").mkdir()
    monkeypatch.chdir("below")
    monkeypatch.setattr(sys, "argv", ["../.venv/bin/bench"])
    assert bench("ui --port 1") == "../.venv/bin/bench ui --port 1"


def test_on_the_path_it_has_its_plain_name(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(script.parent))
    monkeypatch.setattr(sys, "argv", [str(script)])
    assert bench("ui") == "bench ui"


def test_what_uv_run_puts_on_the_path_is_gone_afterwards(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(script.parent))
    monkeypatch.setenv("UV_RUN_RECURSION_DEPTH", "1")
    monkeypatch.setattr(sys, "argv", [str(script)])
    assert bench("ui") == ".venv/bin/bench ui"


def test_a_path_with_a_blank_is_quoted(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = Path("my env", "bench")
    copy.parent.mkdir()
    shutil.copy(script, copy)
    monkeypatch.setattr(sys, "argv", [str(copy)])
    assert bench("ui") == "'my env/bench' ui"


@pytest.fixture
def pip_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invocation.shutil, "which", lambda name: f"{invocation.sysconfig.get_path('scripts')}/{name}")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)


@pytest.mark.usefixtures("pip_here")
def test_an_extra_comes_as_the_package_came(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    checkout, prefix = tmp_path, tmp_path / "env"
    python = f"--python {sys.executable}"
    assert Installation(prefix, None, True).extra_command("deep") == "pip install 'bandbench[deep]'"
    assert Installation(prefix, None, False).extra_command("deep") == f"uv pip install {python} 'bandbench[deep]'"
    own = Installation(checkout / ".venv", checkout, False)
    assert own.extra_command("deep") == "uv sync --extra deep --no-dev --inexact"
    editable = Installation(prefix, checkout, True)
    assert editable.extra_command("deep") == f"pip install -e '{checkout}[deep]'"
    monkeypatch.chdir("/")
    assert own.extra_command("deep") == f"uv sync --extra deep --no-dev --inexact --project {str(checkout)[1:]}"


@pytest.mark.usefixtures("pip_here")
def test_an_active_environment_of_uv_needs_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    assert Installation(tmp_path, None, False).extra_command("video") == "uv pip install 'bandbench[video]'"


@pytest.mark.parametrize(
    ("mark", "command"), [("uv-receipt.toml", "uv tool install"), ("pipx_metadata.json", "pipx install --force")]
)
def test_a_tool_is_installed_again(tmp_path: Path, mark: str, command: str) -> None:
    (tmp_path / mark).touch()
    address = "file:///w/bandbench.whl"
    assert Installation(tmp_path, None, False).extra_command("deep") == f"{command} 'bandbench[deep]'"
    assert Installation(tmp_path, None, False, address).extra_command("deep") == f"{command} 'bandbench[deep] @ {address}'"


@pytest.mark.parametrize(
    ("record", "is_checkout"),
    [
        ({"url": "file://{folder}", "dir_info": {"editable": True}}, True),
        ({"url": "file://{folder}", "dir_info": {}}, False),
        ({"url": "file:///gone", "dir_info": {"editable": True}}, False),
        ({}, False),
    ],
)
def test_the_record_of_the_installer_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: dict[str, object], is_checkout: bool
) -> None:
    text = json.dumps(record).replace("{folder}", str(tmp_path))
    monkeypatch.setattr(invocation.importlib.metadata, "distribution", lambda _: FakeDistribution(text))
    assert Installation.present().checkout == (tmp_path if is_checkout else None)


class FakeDistribution:
    def __init__(self, text: str) -> None:
        self.text = text

    def read_text(self, name: str) -> str:
        assert name == "direct_url.json"
        return self.text


def test_a_library_that_is_there_is_not_missing() -> None:
    assert extra_missing("video", ["json"]) == ""
    assert extra_missing("video", []) == ""
    with try_import("video", "this"):
        import json as library
    assert library is json


def test_missing_libraries_are_named_with_the_command_that_installs_them() -> None:
    command = install_extra("video")
    assert extra_missing("video", ["json", "no_such_a", "no_such_b"]) == (
        f"needs the extra `video` (no_such_a, no_such_b missing): {command}"
    )


@pytest.mark.parametrize(("alternative", "end"), [("", ""), ("do without", "; or do without.")])
def test_an_import_that_fails_says_what_to_install(alternative: str, end: str) -> None:
    with pytest.raises(PluginError) as raised, try_import("video", "this", alternative, PluginError):
        import no_such_library  # noqa: F401
    assert str(raised.value) == f"this needs the extra `video` (no_such_library missing): {install_extra('video')}{end}"


def test_an_import_that_fails_is_about_data_unless_said_otherwise() -> None:
    with pytest.raises(DataError), try_import("video", "this"):
        import no_such_library  # noqa: F401
