"""
Recoding of frames: all of them go through one codec.

Without it, a container or codec that only one class was distributed in would give the class away.
"""

import io
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ...benchmark.errors import DataError
from ...benchmark.invocation import try_import
from ..copies.settings import parse_codec


def recode(picture: NDArray[np.uint8], codec: str) -> NDArray[np.uint8]:
    """
    Encode a picture and decode it again.

    Parameters
    ----------
    picture : array of uint8 (rows, cols, 3)
        RGB.
    codec : str
        As in `parse_codec`; empty returns the picture unchanged.

    Returns
    -------
    array of uint8, shape of `picture`

    Raises
    ------
    DataError
        If the codec is unknown, its extra is missing, or it refuses pictures of that size.
    """
    if not codec:
        return picture
    name, level = parse_codec(codec)
    try:
        return _through_jpeg(picture, level) if name == "jpeg" else _through_h264(picture, level)
    except DataError:
        raise
    except Exception as error:  # libraries refuse a picture with errors of their own
        rows, cols = picture.shape[:2]
        raise DataError(f"a frame of {cols}x{rows} pixels cannot be encoded as {codec} ({error}).") from error


def _through_jpeg(picture: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Recode as a JPEG file with 4:2:0 chroma, as most programs write it."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return np.asarray(Image.open(file).convert("RGB"))


def _through_h264(picture: NDArray[np.uint8], crf: int) -> NDArray[np.uint8]:
    """
    Recode as one intra frame of H.264 in 4:2:0.

    The codec takes even sides only, so the last row or column of an odd side is repeated and removed again.
    """
    with try_import("video", "h264"):
        import av
    rows, cols = picture.shape[:2]
    even = np.pad(picture, ((0, rows % 2), (0, cols % 2), (0, 0)), mode="edge")
    encoder = av.CodecContext.create("libx264", "w")
    encoder.height, encoder.width = even.shape[:2]
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 25)
    encoder.options = {"crf": str(crf), "threads": "1"}
    packets = encoder.encode(av.VideoFrame.from_ndarray(even, format="rgb24")) + encoder.encode(None)
    decoder = av.CodecContext.create("h264", "r")
    (frame,) = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    return np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)[:rows, :cols]
