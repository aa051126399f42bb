"""Drafts in the store of the workspace here."""

from collections.abc import Mapping, Sequence
from typing import NoReturn

from periscope.cli.exits import ExitCode
from periscope.cli.keeper import Document
from periscope.cli.output import Complaint, fail
from periscope.cli.store import Desk, allowed
from periscope.cli.workspace import allowed_modules
from periscope.runs import drafts
from periscope.runs.documents import check_document, draft_document, published_document
from periscope.runs.store.draft_rows import Draft
from periscope.runs.store.refusals import Refused
from periscope.strategies.problems import Problem


class LocalDrafts:
    """See `DraftsKeeper`."""

    def __init__(self, desk: Desk) -> None:
        self._store = desk.store

    def page(self, after: str | None, limit: int) -> Document:
        found = self._store.drafts.page(after=after, limit=limit)
        more = found[-1].strategy if len(found) == limit else None
        return {"drafts": [draft_document(draft) for draft in found], "next": more}

    def draft(self, name: str) -> Document:
        return _shown(drafts.find(self._store, name))

    def contents(self, name: str) -> tuple[Document, Mapping[str, bytes]]:
        draft, files = allowed(drafts.read(self._store, name))
        return draft_document(draft), files

    def create(self, name: str, source: str | None) -> Document:
        return _shown(drafts.start_from(self._store, name, source))

    def create_of(self, name: str, files: Mapping[str, bytes]) -> Document:
        return _shown(drafts.start(self._store, name, files))

    def put(self, name: str, file: str, data: bytes, seen: str | None) -> Document:
        return _shown(drafts.put_file(self._store, name, file, data, None if seen is None else (seen,)))

    def remove(self, name: str, file: str, seen: str) -> Document:
        return _shown(drafts.remove_file(self._store, name, file, (seen,)))

    def check(self, name: str) -> Document:
        checked = allowed(drafts.check(self._store, name, self._packages()))
        return {"draft": name, "tag": checked.tag} | check_document(checked.result)

    def publish(self, name: str, seen: str) -> Document:
        return published_document(allowed(drafts.publish(self._store, name, self._packages(), (seen,))))

    def delete(self, name: str, seen: str) -> None:
        allowed(drafts.delete(self._store, name, (seen,)))

    def _packages(self) -> set[str]:
        """A draft lies in the store, so it brings no workspace along."""
        return allowed_modules(self._store.place.folder)


def refuse_draft(problems: Sequence[Problem]) -> NoReturn:
    """End the command with why a draft can't be so."""
    refuse_draft_as([Complaint(each.code, each.file, f"{each.rule}. {each.mend}") for each in problems])


def refuse_draft_as(complaints: Sequence[Complaint]) -> NoReturn:
    """The same, where the reasons are in words already."""
    fail("DRAFT_INVALID", "a draft can't hold that", exit_code=ExitCode.INVALID, problems=complaints)


def _shown(found: Draft | Refused | list[Problem]) -> Document:
    if isinstance(found, list):
        refuse_draft(found)
    return draft_document(allowed(found))
