"""HTML that is escaped unless it says that it is HTML.

Names, messages, parameters and log lines come from strangers. Everything that is not `Markup` is escaped, and
characters that could hide or reorder text (controls, bidirectional overrides) are shown as what they are.
"""

import html
import re
from collections.abc import Iterable
from typing import Final

from periscope.report import text

_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_VOID: Final = frozenset({"br", "hr", "input", "meta"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


type Child = str | int | Markup | None


def visible(words: str) -> str:
    """The words with hidden and reordering characters written as escapes."""
    return _HIDDEN.sub(lambda match: f"\\u{ord(match.group()):04x}", words)


def escape(child: Child) -> Markup:
    """A child as HTML; None is nothing."""
    if child is None:
        return Markup("")
    if isinstance(child, Markup):
        return child
    return Markup(html.escape(visible(str(child)), quote=True))


def element(tag: str, *children: Child, **attributes: str | int | bool | None) -> Markup:
    """One element. A trailing underscore in an attribute's name is dropped, others become hyphens (`class_`,
    `aria_label`); True writes the bare name, None and False leave it out."""
    words = [tag]
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        key = name.rstrip("_").replace("_", "-")
        words.append(key if value is True else f'{key}="{escape(value)}"')
    opening = f"<{' '.join(words)}>"
    if tag in _VOID:
        return Markup(opening)
    return Markup(f"{opening}{join(children)}</{tag}>")


def join(children: Iterable[Child]) -> Markup:
    """Children one after the other."""
    return Markup("".join(escape(child) for child in children))


def moment(value: object, *, characters: int | None = None) -> Markup:
    """An RFC 3339 time for reading, cut to so many characters; the script can show it in another time zone."""
    shown = text.moment(value)[:characters]
    return element("time", shown, datetime=str(value)) if shown != text.NOTHING else escape(shown)
