"""Listings a page at a time, with cursors that mean nothing to anyone but the listing that gave them."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query

from periscope.server.problems import ProblemError

MOST_ITEMS = 1000


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page of a listing is wanted."""

    limit: int
    after: str | None

    def following[Item, Place](self, found: Sequence[Item], place: Callable[[Item], Place]) -> Place | None:
        """Where the page after these items begins: None if they fill no page, so that there is none."""
        return place(found[-1]) if len(found) == self.limit else None

    def number(self, listing: str) -> int | None:
        """Where the page before ended, in a listing whose places are numbers; None for the first page."""
        text = self.text(listing)
        if text is None:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) < 20):
            raise none_of(listing)
        return int(text)

    def text(self, listing: str) -> str | None:
        """Where the page before ended, in a listing whose places are texts; None for the first page."""
        if self.after is None:
            return None
        try:
            made_by, _, place = base64.b64decode(self.after, altchars=b"-_", validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            raise none_of(listing) from None
        if made_by != listing or "\0" in place:
            raise none_of(listing)
        return place


def page[Item](listing: str, items: list[Item], next_place: str | int | None) -> dict[str, Any]:
    """A page as its document; `next_place` is where the next one begins, None where there is none."""
    cursor = None
    if next_place is not None:
        cursor = base64.urlsafe_b64encode(f"{listing}:{next_place}".encode()).decode()
    return {"items": items, "next": cursor}


def none_of(listing: str) -> ProblemError:
    """What a cursor is told that is none of a listing."""
    return ProblemError("CURSOR_INVALID", f"`after` is no cursor of the listing of {listing}")


async def _wanted(
    limit: Annotated[int, Query(ge=1, le=MOST_ITEMS, description="How many at most")] = 100,
    after: Annotated[str | None, Query(max_length=500, description="`next` of the page before")] = None,
) -> Paging:
    return Paging(limit, after)


PagingHere = Annotated[Paging, Depends(_wanted)]
