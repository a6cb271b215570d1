"""Pictures in addresses."""

import base64
import io

from PIL import Image

from bandbench.benchmark.results.inline_pictures import WEBP_ADDRESS, webp_address


def test_an_address_holds_the_picture() -> None:
    address = webp_address(Image.new("RGB", (5, 3), (200, 10, 10)), quality=80)
    content = base64.b64decode(address.removeprefix(WEBP_ADDRESS), validate=True)
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (5, 3))


def test_equal_pictures_have_equal_addresses_and_quality_counts() -> None:
    picture = Image.linear_gradient("L").convert("RGB")
    assert webp_address(picture, quality=70) == webp_address(picture, quality=70)
    assert len(webp_address(picture, quality=5)) < len(webp_address(picture, quality=95))
