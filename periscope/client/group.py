"""What the groups of calls have in common: paths made of names, and listings that page by themselves."""

from collections.abc import Iterator
from urllib.parse import quote

from periscope.client.errors import ApiError
from periscope.client.transport import Parameters, Transport
from periscope.client.types import Page

_PAGE = 1_000


class Group:
    """Calls about one subject."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _pages[Item](
        self, kind: type[Page[Item]], path: str, parameters: Parameters | None = None, *, limit: int | None = None
    ) -> Iterator[Item]:
        """Every item of a listing, page by page as they are taken; at most `limit` of them."""
        after: str | None = None
        left = limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(left, _PAGE)
            page = self._transport.ask(
                kind, "GET", path, parameters={**(parameters or {}), "limit": size, "after": after}
            )
            items = page.items if left is None else page.items[:left]
            yield from items
            left = None if left is None else left - len(items)
            if page.next is None:
                return
            if page.next == after:
                raise ApiError("SERVER_UNKNOWN", "a listing of the server leads back to itself")
            after = page.next


def at(*parts: str | int) -> str:
    """A path of these parts, each of them one segment whatever it holds."""
    return "/".join(_segment(str(part)) for part in parts)


def _segment(text: str) -> str:
    if text in ("", ".", ".."):
        raise ApiError("NOT_FOUND", f"{text!r} can't be the name of anything")
    try:
        return quote(text, safe="@")
    except UnicodeEncodeError:
        raise ApiError("NOT_FOUND", f"{text!r} can't be the name of anything") from None
