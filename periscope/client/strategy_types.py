"""Strategies, versions and drafts, as values."""

from datetime import datetime

from periscope.client.types import Value


class Strategy(Value, frozen=True):
    """A strategy: a name that versions and a draft hang on. `newest_version` is a number."""

    strategy: str
    created_at: datetime
    newest_version: int | None
    has_draft: bool


class Finding(Value, frozen=True):
    """One thing that is wrong with a bundle, or may be: where it is, the rule it breaks, how to mend it."""

    code: str
    file: str
    line: int | None
    column: int | None
    where: str
    rule: str
    mend: str


class Checked(Value, frozen=True):
    """Everything that publishing would find; `version` is the hash of the contents if they are valid.

    `tag` is that of the draft that was looked at, None for an archive.
    """

    tag: str | None
    valid: bool
    version: str | None
    problems: list[Finding]
    warnings: list[Finding]


class Version(Value, frozen=True):
    """A version in short."""

    version: str
    strategy: str
    number: int
    hash: str
    published_at: datetime
    warnings: list[Finding]


class VersionDetail(Version, frozen=True):
    """A version with its files and their sizes in bytes."""

    files: dict[str, int]


class Published(Version, frozen=True):
    """What came of publishing; `published` is False where a version with these contents was there."""

    published: bool
    problems: list[Finding]


class DraftFile(Value, frozen=True):
    """A file of a draft."""

    file: str
    bytes: int
    tag: str
    changed_at: datetime


class Draft(Value, frozen=True):
    """A strategy's files while they are edited. `based_on` is a version."""

    draft: str
    based_on: str | None
    tag: str
    created_at: datetime
    changed_at: datetime
    files: list[DraftFile]


class FileChange(Value, frozen=True):
    """A file that was added, removed or changed, with a unified diff; empty where it is no text, or too long."""

    file: str
    change: str
    diff: list[str]


class Changes(Value, frozen=True):
    """In what two versions differ."""

    old: str
    new: str
    same: bool
    files: list[FileChange]
