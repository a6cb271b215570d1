"""Pictures in ``data:`` addresses, which a page shows without a request."""

import base64
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

WEBP_ADDRESS = "data:image/webp;base64,"


def webp_address(picture: "Image.Image", quality: int) -> str:
    """
    Return a picture as WebP in a ``data:`` address.

    Parameters
    ----------
    picture : Image
    quality : int
        From 0 to 100, as Pillow takes it.
    """
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=quality, method=4)
    return WEBP_ADDRESS + base64.b64encode(out.getvalue()).decode()
