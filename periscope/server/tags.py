"""ETag, If-Match and If-None-Match (RFC 9110), by which editors say what they have seen."""

import re
from collections.abc import Collection
from typing import Annotated

from fastapi import Depends, Header

from periscope.runs.drafts import ANY, Seen
from periscope.server.problems import ProblemError

_TAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e]*)"\s*')
_MOST_LENGTH = 2_000


def quoted(tag: str) -> dict[str, str]:
    """The header that names a tag."""
    return {"etag": f'"{tag}"'}


async def _expected(
    if_match: Annotated[str | None, Header(max_length=_MOST_LENGTH, description="The tags seen, or *")] = None,
) -> Seen:
    return None if if_match is None else _tags(if_match)


async def _expected_or_new(
    seen: Annotated[Seen, Depends(_expected)],
    if_none_match: Annotated[
        str | None, Header(max_length=_MOST_LENGTH, description="*, to write only what is not there yet")
    ] = None,
) -> Seen:
    if if_none_match is not None and (seen is not None or if_none_match.strip() != "*"):
        what = "a write takes either If-Match, or If-None-Match with *"
        raise ProblemError("PRECONDITION_INVALID", what)
    return seen


SeenHere = Annotated[Seen, Depends(_expected)]
"""What the caller has seen, None if they don't say."""
SeenOrNew = Annotated[Seen, Depends(_expected_or_new)]
"""What the caller has seen; None if it is to be new."""


def _tags(header: str) -> Collection[str]:
    """The strong tags of a header; weak ones never match."""
    if header.strip() == "*":
        return ANY
    found = [_TAG.fullmatch(part) for part in header.split(",")]
    tags = [match for match in found if match is not None]
    if len(tags) < len(found):
        raise ProblemError("PRECONDITION_INVALID", "expected tags in double quotes, or *")
    return [match[2] for match in tags if match[1] is None and match[2] != "*"]
