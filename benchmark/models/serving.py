"""Python function model of MLflow for a trained model: pictures to probabilities."""

import base64
import io
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ..errors import BenchError, DataError, NotFiniteError
from ..pictures.crops import FLOATING, decode
from ..store.files import printable, read_file
from ..tracking.addresses import folder_path
from .domain_check import Doubt
from .trained_model import UNSURE, TrainedModel

if TYPE_CHECKING:
    import pandas as pd

COLUMN = "image"
CHANNELS = (1, 3, 4)
SOURCES = "a path, bytes, Base64, an array or a Pillow picture"


class ServedModel:
    """
    Model that ``mlflow.pyfunc.load_model`` returns.

    Parameters
    ----------
    model : TrainedModel
    """

    def __init__(self, model: TrainedModel) -> None:
        self._model = model

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> "pd.DataFrame":
        """
        Score pictures.

        Parameters
        ----------
        model_input : DataFrame, mapping, sequence, array or one picture
            Column ``image`` of a table, or the pictures themselves: each the path of a file, the bytes of one (as they are or
            in Base64), a picture of Pillow, or an array of whole numbers from 0 to 255, (rows, cols) or (rows, cols, channels).
        params : dict, optional
            None are known.

        Returns
        -------
        DataFrame
            ``verdict``, one probability per class (``p_fake`` …) and ``error``, which is empty where there is a verdict. With
            a check also ``reason`` for ``unsure`` (a `Doubt`), and ``distance`` from the training spectra (the limit is 1).

        Raises
        ------
        DataError
            If a table has several columns and none is called ``image``.
        """
        import pandas as pd

        return pd.DataFrame([self._row(picture) for picture in single_pictures(model_input)])

    def _row(self, picture: Any) -> dict[str, Any]:
        names = [f"p_{name}" for name in self._model.recipe.classes]
        try:
            measurements = self._model.examine_pictures([picture_pixels(picture, self._model.colour)])
        except NotFiniteError:
            return {"verdict": UNSURE, **dict.fromkeys(names), **self._of_check(Doubt.NOT_A_NUMBER, math.nan), "error": ""}
        except (BenchError, ValueError, OSError) as error:
            reason = str(error) if isinstance(error, DataError) else f"not a picture ({error})."
            return {"verdict": "", **dict.fromkeys(names), **self._of_check("", math.nan), "error": reason}
        (probabilities,), (distance,) = measurements.probabilities, measurements.distances.tolist()
        judgement = self._model.judge(probabilities, distance)
        shares = dict(zip(names, probabilities[0].tolist(), strict=True))
        return {"verdict": judgement.verdict, **shares, **self._of_check(judgement.doubt or "", distance), "error": ""}

    def _of_check(self, doubt: str, distance: float) -> dict[str, Any]:
        """Return the columns that a model with a check has besides."""
        return {"reason": str(doubt), "distance": distance} if self._model.check else {}


def single_pictures(source: Any) -> Iterator[Any]:
    """
    Yield the single pictures of a table, mapping, sequence or array.

    Raises
    ------
    DataError
        If a table has several columns and none is called ``image``, or the source is none of these.
    """
    if hasattr(source, "columns"):  # a DataFrame
        names = list(source.columns)
        if COLUMN not in names and len(names) != 1:
            raise DataError(f"the pictures are wanted in a column '{COLUMN}', got the columns {', '.join(map(str, names))}.")
        yield from source[COLUMN if COLUMN in names else names[0]]
    elif isinstance(source, Mapping):
        if COLUMN not in source:
            raise DataError(f"the pictures are wanted under '{COLUMN}', got {', '.join(map(str, source)) or 'nothing'}.")
        yield from single_pictures(source[COLUMN])
    elif isinstance(source, np.ndarray) and _is_numeric(source):
        yield from [source] if _is_one_picture(source) else source
    elif isinstance(source, str | bytes | bytearray | memoryview | Path | Image.Image):
        yield source
    elif not isinstance(source, Iterable):
        raise DataError(f"not a picture: got {type(source).__name__}; wanted {SOURCES}.")
    else:
        values = list(np.atleast_1d(source) if isinstance(source, np.ndarray) else source)
        numbers = _numbers(values)
        yield from values if numbers is None else single_pictures(numbers)


def _numbers(values: list[Any]) -> NDArray[Any] | None:
    """Convert nested lists of numbers (JSON) to an array; None for anything else, also for pictures of several sizes."""
    if not values or not isinstance(values[0], list):
        return None
    try:
        numbers = np.asarray(values)
    except ValueError:
        return None
    return numbers if _is_numeric(numbers) else None


def _is_numeric(values: NDArray[Any]) -> bool:
    return values.dtype.kind in "biuf"


def is_stack(source: Any) -> bool:
    """Return True for an array of several pictures."""
    return isinstance(source, np.ndarray) and _is_numeric(source) and source.ndim > 2 and not _is_one_picture(source)


def _is_one_picture(values: NDArray[Any]) -> bool:
    return values.ndim < 3 or (values.ndim == 3 and values.shape[-1] in CHANNELS)


def picture_pixels(picture: Any, colour: bool) -> NDArray[np.uint8]:
    """
    Decode a picture of any supported type: see `ServedModel.predict`.

    Parameters
    ----------
    picture : path, bytes, text in Base64, picture of Pillow, or array
    colour : bool
        RGB instead of grey.

    Returns
    -------
    array of uint8 (rows, cols) or (rows, cols, 3)

    Raises
    ------
    DataError
        If it is no picture.
    """
    return decode(_file_of(picture), colour)


def _file_of(picture: Any) -> bytes:
    """Return the content of a picture file for a picture of any supported type."""
    if isinstance(picture, Path):
        return _read(picture)
    if isinstance(picture, str):
        return _decoded(picture)
    if isinstance(picture, Image.Image):
        try:
            return _as_png(ImageOps.exif_transpose(picture))
        except DataError:
            raise
        except (OSError, ValueError) as error:  # its file is damaged or closed
            raise DataError(f"a picture of Pillow that cannot be read ({error}).") from error
    if isinstance(picture, np.ndarray | list | tuple):
        return _as_png(_from_numbers(np.asarray(picture)))
    if isinstance(picture, bytes | bytearray | memoryview):
        return bytes(picture)
    raise DataError(f"not a picture: got {type(picture).__name__}; wanted {SOURCES}.")


def _decoded(text: str) -> bytes:
    path = folder_path(text) or Path(text)
    try:
        if path.is_file():
            return _read(path)
    except (OSError, ValueError):  # too long for a name, as Base64 is
        pass
    try:
        return base64.b64decode(text.partition(";base64,")[2] or text, validate=True)
    except ValueError as error:
        shown = text if len(text) <= 80 else f"{text[:77]}…"
        raise DataError(f"not a picture in Base64, and no file: {shown}") from error


def _read(path: Path) -> bytes:
    try:
        return read_file(path)
    except OSError as error:
        raise DataError(f"{printable(str(path))} cannot be read ({error.strerror}).") from error
    except DataError as error:
        raise DataError(f"{printable(str(path))}: {error}") from error


def _from_numbers(values: NDArray[Any]) -> Image.Image:
    is_shaped = values.ndim == 2 or (values.ndim == 3 and values.shape[-1] in CHANNELS)
    is_uint8 = values.dtype.kind in "iu" and values.size > 0 and 0 <= values.min() <= values.max() <= 255
    if not is_shaped or not is_uint8:
        raise DataError(
            "an array is a picture if it has whole numbers from 0 to 255 and the shape (rows, cols) or (rows, cols, channels), "
            f"got {values.dtype} {values.shape}."
        )
    return Image.fromarray(values.astype(np.uint8).squeeze(-1) if values.shape[-1] == 1 else values.astype(np.uint8))


def _as_png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    _storable(picture).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _storable(picture: Image.Image) -> Image.Image:
    """Convert a picture to a mode that PNG has, by the rules that hold for files: whole numbers above 8 bits have 16."""
    if picture.mode == "F":
        raise DataError(FLOATING)
    if picture.mode.startswith("I"):
        return Image.fromarray(np.asarray(picture).astype(np.int64).clip(0, 65535).astype(np.uint16))
    return picture if picture.mode in ("1", "L", "LA", "P", "RGB", "RGBA") else picture.convert("RGB")


def _load_pyfunc(path: str, model_config: dict[str, Any] | None = None) -> ServedModel:
    """Load a model; MLflow calls this function by its name."""
    return ServedModel(TrainedModel.load(Path(path)))
