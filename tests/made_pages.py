"""Read a page back: its elements, and the data that its scripts are handed."""

import base64
import gzip
import html.parser
import json
import re
from typing import Any

import numpy as np


class Elements(html.parser.HTMLParser):
    """Collects elements with their attributes, and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)


def data_of(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/octet-stream" id="payload">([A-Za-z0-9+/=]*)</script>', text)
    assert found
    return json.loads(unpacked(found[1]))


def unpacked(text: str) -> str:
    return gzip.decompress(base64.b64decode(text)).decode()


def objects(data: dict[str, Any]) -> list[dict[str, Any]]:
    found = [dict(zip(data["fields"], row, strict=True)) for row in zip(*data["columns"], strict=True)]
    tests = iter([dict(zip(data["tests"], values, strict=True)) for values in zip(*data["tests"].values(), strict=True)])
    found = [row | {"tests": [next(tests) for _ in range(row["tests"])]} for row in found]
    assert not list(tests)
    return [row | {name: data["texts"][row[name]] for name in data["pooled"]} for row in found]


def block_of(text: str) -> dict[str, Any]:
    """Object of a block of arrays, with its arrays, as the page's script reads it."""
    content = gzip.decompress(base64.b64decode(text))
    start = 4 + int.from_bytes(content[:4], "little")
    about = json.loads(content[4:start])
    for name, (kind, at, n) in about.pop("arrays").items():
        size = np.dtype(kind).itemsize
        plain = np.frombuffer(content[start + at : start + at + n * size], np.uint8)
        plain = plain.reshape(2, -1).T.copy() if kind in ("int16", "uint16") else plain
        about[name] = np.frombuffer(plain.tobytes(), kind)
    return about
