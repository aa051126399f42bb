"""Strategies, their versions, and their drafts."""

from collections.abc import Iterator
from pathlib import Path

from periscope.client.group import Group, at
from periscope.client.strategy_types import (
    Changes,
    Checked,
    Draft,
    DraftFile,
    Published,
    Strategy,
    Version,
    VersionDetail,
)
from periscope.client.transport import Body
from periscope.client.types import Page

_ZIP = "application/zip"
_BYTES = "application/octet-stream"
_MOST_BYTES = 128 << 20
"""No bundle is larger."""


class StrategyCalls(Group):
    """Strategies and versions. An archive is a ZIP file of a bundle: its bytes, or its path, read while it is sent."""

    def list(self, *, limit: int | None = None) -> Iterator[Strategy]:
        """Strategies by name, whether published or only drafted."""
        return self._pages(Page[Strategy], "strategies", limit=limit)

    def get(self, name: str) -> Strategy:
        """One strategy in short."""
        return self._transport.ask(Strategy, "GET", at("strategies", name))

    def check(self, name: str, archive: Body = None) -> Checked:
        """Everything that publishing an archive, or without one the draft, would find. Nothing is kept."""
        path = at("strategies", name, "check")
        return self._transport.ask(Checked, "POST", path, body=archive, headers=_typed(archive))

    def versions(self, name: str, *, limit: int | None = None) -> Iterator[Version]:
        """The versions of a strategy, the newest first."""
        return self._pages(Page[Version], at("strategies", name, "versions"), limit=limit)

    def publish(self, name: str, archive: Body = None, *, seen: str | None = None, key: str | None = None) -> Published:
        """Keep an archive, or without one the draft, as the next version.

        With `seen`, a draft's tag, the draft is published only if it is still that.
        """
        path, headers = at("strategies", name, "versions"), _typed(archive) | _match(seen)
        return self._transport.ask(Published, "POST", path, body=archive, headers=headers, key=key)

    def version(self, name: str, number: int) -> VersionDetail:
        """One version with its files."""
        return self._transport.ask(VersionDetail, "GET", at("strategies", name, "versions", number))

    def export(self, name: str, number: int, target: Path | str, *, overwrite: bool = False) -> int:
        """Write a version to a file, a ZIP archive; returns its size in bytes. Raises FileExistsError, OSError."""
        path = at("strategies", name, "versions", number, "archive")
        return self._transport.download(path, (_ZIP,), Path(target), overwrite=overwrite)

    def diff(self, name: str, number: int, to: int | None = None) -> Changes:
        """In what another version, or without one the draft, differs from this one."""
        path = at("strategies", name, "versions", number, "diff")
        return self._transport.ask(Changes, "GET", path, parameters={"to": to})


class DraftCalls(Group):
    """Drafts: a strategy's files while they are edited. A tag stands for contents.

    `seen` is the tag of what is to be overwritten or removed; where there is something else by now, the call is refused
    with DRAFT_CHANGED, so that nobody overwrites what they have not seen. `"*"` stands for whatever is there.
    """

    def list(self, *, behind: str | None = None, limit: int | None = None) -> Iterator[Draft]:
        """Drafts by name; with `behind` only those of later names."""
        return self._pages(Page[Draft], "drafts", {"behind": behind}, limit=limit)

    def get(self, name: str) -> Draft:
        """A draft with its files."""
        return self._transport.ask(Draft, "GET", at("strategies", name, "draft"))

    def start(self, name: str, source: str | None = None, *, key: str | None = None) -> Draft:
        """Start a draft from an example, a version as NAME@NUMBER, or without a source from the template."""
        path = at("strategies", name, "draft")
        return self._transport.ask(Draft, "POST", path, json={"source": source}, key=key)

    def start_from_archive(self, name: str, archive: bytes | Path, *, key: str | None = None) -> Draft:
        """Start a draft from an archive, which need not be valid yet."""
        path = at("strategies", name, "draft", "archive")
        return self._transport.ask(Draft, "POST", path, body=archive, headers=_typed(archive), key=key)

    def delete(self, name: str, *, seen: str) -> None:
        """Remove a draft with its files; versions stay."""
        self._transport.ask(type(None), "DELETE", at("strategies", name, "draft"), headers=_match(seen))

    def export(self, name: str, target: Path | str, *, overwrite: bool = False) -> int:
        """Write a draft to a file, a ZIP archive; returns its size in bytes. Raises FileExistsError, OSError."""
        path = at("strategies", name, "draft", "archive")
        return self._transport.download(path, (_ZIP,), Path(target), overwrite=overwrite)

    def files(self, name: str) -> Iterator[DraftFile]:
        """The files of a draft."""
        return self._pages(Page[DraftFile], at("strategies", name, "draft", "files"))

    def read(self, name: str, file: str) -> tuple[bytes, str]:
        """What a file of a draft holds, and its tag."""
        path = at("strategies", name, "draft", "files", file)
        content, headers = self._transport.fetch(path, (_BYTES,), most=_MOST_BYTES)
        return content, headers.get("etag", "").strip('"')

    def write(self, name: str, file: str, content: Body, *, seen: str | None = None) -> DraftFile:
        """Add a file to a draft, or replace what was `seen`."""
        path, headers = at("strategies", name, "draft", "files", file), {"content-type": _BYTES} | _match(seen)
        return self._transport.ask(DraftFile, "PUT", path, body=content, headers=headers)

    def remove(self, name: str, file: str, *, seen: str) -> None:
        """Take a file out of a draft."""
        path = at("strategies", name, "draft", "files", file)
        self._transport.ask(type(None), "DELETE", path, headers=_match(seen))


def _typed(archive: Body) -> dict[str, str]:
    return {} if archive is None else {"content-type": _ZIP}


def _match(seen: str | None) -> dict[str, str]:
    return {} if seen is None else {"if-match": seen if seen == "*" else f'"{seen}"'}
