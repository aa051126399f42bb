"""Who keeps drafts: the store of this workspace, or a server. Commands ask, and need not know which; see `keeper`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from periscope.cli.keeper import Document

ANY = "*"
"""In place of a tag: whatever is there."""


class DraftsKeeper(Protocol):
    """Drafts, wherever they are. `seen` is the tag of what may be changed, or ANY."""

    def page(self, after: str | None, limit: int) -> Document:
        """Drafts by name."""

    def draft(self, name: str) -> Document:
        """One, with its files."""

    def contents(self, name: str) -> tuple[Document, Mapping[str, bytes]]:
        """The same, and what its files hold."""

    def create(self, name: str, source: str | None) -> Document:
        """Start one from an example, a version, or without a source from the template."""

    def create_of(self, name: str, files: Mapping[str, bytes]) -> Document:
        """Start one with these files."""

    def put(self, name: str, file: str, data: bytes, seen: str | None) -> Document:
        """Add a file, or replace what was seen."""

    def remove(self, name: str, file: str, seen: str) -> Document:
        """Take a file out."""

    def check(self, name: str) -> Document:
        """Everything that publishing it would find."""

    def publish(self, name: str, seen: str) -> Document:
        """Keep it as the strategy's next version."""

    def delete(self, name: str, seen: str) -> None:
        """Remove it."""


@contextmanager
def open_drafts(server: str | None) -> Iterator[DraftsKeeper]:
    """The server, or the workspace here; ends the command where there is neither."""
    if server:
        from periscope.cli.drafts_remote import RemoteDrafts
        from periscope.cli.keeper_remote import asking

        with asking(server) as client:
            yield RemoteDrafts(client)
        return
    from periscope.cli.drafts_local import LocalDrafts
    from periscope.cli.store import open_desk

    with open_desk() as desk:
        yield LocalDrafts(desk)
