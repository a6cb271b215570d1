"""
Execute the notebooks of the docs and store them with their outputs: ``make notebooks``.

Each runs in a folder, a home and a cache of its own. Stored outputs hold nothing of the machine and of the moment: no paths, no
timings, no remains of progress bars, and pictures with a palette, which takes a third of the room.
"""

import base64
import io
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from PIL import Image

DOCS = Path(__file__).parents[1] / "docs"
COLOURS = 256  # of a picture
LONGEST = 600  # seconds that a cell may take
PNG = "image/png"
# A path of this or another machine, in an output.
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:home|tmp|root|Users|var|work|mnt|opt)/|[A-Z]:\\")


def notebooks() -> list[Path]:
    """Notebooks of the docs."""
    return sorted(path for path in DOCS.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)


def executed(path: Path, folder: Path) -> Any:
    """
    Execute a notebook from the beginning.

    Parameters
    ----------
    path : Path
        It is read only.
    folder : Path
        Empty one for what the notebook writes: its working folder, and below it results and cache.

    Returns
    -------
    NotebookNode
        With the outputs as they came.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises.
    """
    notebook = nbformat.read(path, as_version=4)
    environment = os.environ | {f"BANDBENCH_{name.upper()}": str(folder / name) for name in ("home", "cache")}
    environment.pop("MLFLOW_TRACKING_URI", None)
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=LONGEST, kernel_name="python3", resources=resources, record_timing=False)
    return client.execute(env=environment)


def cleaned(notebook: Any) -> Any:
    """Return a notebook without what differs from run to run, in its place."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [_small(output) for output in cell.outputs if _has_content(output)]
    return notebook


def _has_content(output: Any) -> bool:
    """False for the block of a progress bar, which is empty in the end."""
    return "data" not in output or any("".join(text).strip() for text in output["data"].values())


def _small(output: Any) -> Any:
    output.get("metadata", {}).clear()
    if PNG in output.get("data", {}):
        output["data"][PNG] = _with_few_colours(output["data"][PNG])
        output["data"].pop("image/jpeg", None)  # Pillow offers both
    return output


def _with_few_colours(text: str) -> str:
    with Image.open(io.BytesIO(base64.b64decode(text))) as picture, io.BytesIO() as file:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, format="PNG", optimize=True)
        return base64.b64encode(file.getvalue()).decode()


def outputs(notebook: Any) -> str:
    """Texts of all outputs, one below the other; pictures are left out."""
    parts = []
    for output in (output for cell in notebook.cells for output in cell.get("outputs", ())):
        parts += [
            output.get("text", ""),
            *(text for kind, text in output.get("data", {}).items() if not kind.startswith("image/")),
        ]
    return "\n".join("".join(part) for part in parts)


def store(path: Path) -> None:
    """Execute a notebook and write it back with its outputs; refuse outputs that name a folder of this machine."""
    with tempfile.TemporaryDirectory(prefix="bandbench-") as folder:
        notebook = cleaned(executed(path, Path(folder)))
    if found := MACHINE_PATH.search(outputs(notebook)):
        raise SystemExit(f"{path.name}: an output names a folder of this machine: {outputs(notebook)[found.start() :][:80]!r}")
    nbformat.write(notebook, path)


def main() -> None:
    """Execute and store all notebooks."""
    for path in notebooks():
        print(f"executing {path.relative_to(DOCS.parent)}", flush=True)
        store(path)


if __name__ == "__main__":
    main()
