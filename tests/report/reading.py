"""Reads a report back: its elements, its packed blocks."""

import base64
import gzip
import json
from html.parser import HTMLParser
from typing import Any

import numpy as np
import numpy.typing as npt

VOID = {"meta", "input", "br", "hr", "link", "img"}


class Page(HTMLParser):
    """Every element of a page with its attributes, the text outside of scripts and styles, and the scripts by id."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.blocks: dict[str, str] = {}
        self.scripts: list[str] = []
        self._inside = ""
        self._block = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag if tag in {"script", "style"} else ""
        self._block = dict(attrs).get("id") or "" if tag == "script" else ""
        if tag == "script" and not self._block:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script" and self._block:
            self.blocks[self._block] = self.blocks.get(self._block, "") + data
        elif self._inside == "script":
            self.scripts[-1] += data
        elif not self._inside:
            self.text += data

    def main(self) -> dict[str, Any]:
        """The document that the script starts from."""
        document = json.loads(unpack_text(self.blocks["block-main"]))
        assert isinstance(document, dict)
        return document


def unpack_text(text: str) -> bytes:
    """What `packing.compress` packed."""
    return gzip.decompress(base64.b64decode(text))


def unpack_columns(text: str, rows: int, planes: list[int]) -> list[npt.NDArray[np.int64]]:
    """What `packing.pack` packed, written the way the page's script reads it."""
    raw, offset, columns = unpack_text(text), 0, []
    for count in planes:
        folded = [0] * rows
        for plane in range(count):
            for row in range(rows):
                folded[row] += raw[offset] << (8 * plane)
                offset += 1
        unfolded = [value // 2 if value % 2 == 0 else -(value + 1) // 2 for value in folded]
        columns.append(np.array(unfolded, dtype=np.int64))
    assert offset == len(raw)
    return columns
