"""What the routes of strategies, drafts and versions answer with, and take."""

from typing import Annotated

from fastapi import Path
from pydantic import Field

from periscope.server.models import Model, Moment, Text

Tag = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="Stands for contents; the ETag without its quotes")]
FileName = Annotated[Text, Path(min_length=1, max_length=300, description="The file's name")]


class Strategy(Model):
    """A strategy: a name that versions and a draft hang on."""

    strategy: str
    created_at: Moment
    newest_version: int | None = Field(description="The number of its newest version")
    has_draft: bool


class Finding(Model):
    """One thing that is wrong with a bundle, or may be."""

    code: str
    file: str
    line: int | None
    column: int | None
    where: str = Field(description="The place in the file's own terms: a JSON path, a class, a call")
    rule: str
    mend: str


class Checked(Model):
    """Everything that publishing would find."""

    tag: Tag | None = Field(description="Of the draft that was looked at; null for an archive")
    valid: bool
    version: str | None = Field(description="The hash of the contents, if they are valid")
    problems: list[Finding]
    warnings: list[Finding]


class Version(Model):
    """A version in short."""

    version: str = Field(description="Strategy and number, as moving_averages@3")
    strategy: str
    number: int
    hash: str = Field(description="Of its contents")
    published_at: Moment
    warnings: list[Finding]


class VersionDocument(Version):
    """A version with its files."""

    files: dict[str, int] = Field(description="Bytes by name")


class Published(Version):
    """What came of publishing."""

    published: bool = Field(description="False where a version with these contents was there")
    problems: list[Finding] = Field(description="None, else it would have been refused")


class DraftFile(Model):
    """A file of a draft."""

    file: str
    bytes: int
    tag: Tag
    changed_at: Moment


class Draft(Model):
    """A strategy's files while they are edited."""

    draft: str = Field(description="The strategy's name")
    based_on: str | None = Field(description="The version that it was started from or last published as")
    tag: Tag
    created_at: Moment
    changed_at: Moment
    files: list[DraftFile]


class NewDraft(Model):
    """What a draft is started from."""

    source: Annotated[Text, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="An example, or a version as NAME@NUMBER; null for the template"
    )


class FileChange(Model):
    """A file that differs."""

    file: str
    change: str = Field(description="added, removed or changed")
    diff: list[str] = Field(description="A unified diff, empty where a file is no text or too long")


class Changes(Model):
    """In what two versions differ."""

    old: str
    new: str
    same: bool
    files: list[FileChange]
