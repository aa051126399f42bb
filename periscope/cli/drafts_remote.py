"""Drafts on a server. What can be seen to be wrong without it is said here, in the words of here."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice

from periscope.cli.drafts_keeper import ANY
from periscope.cli.drafts_local import refuse_draft, refuse_draft_as
from periscope.cli.keeper import Document
from periscope.cli.keeper_remote import all_pages
from periscope.cli.output import Complaint
from periscope.cli.store import refuse
from periscope.client import ApiError, Client
from periscope.client.group import at
from periscope.runs import drafts
from periscope.strategies.archive import read_archive, write_archive
from periscope.strategies.bundle import outline_problems
from periscope.strategies.versions import is_name

_MOST_PAGE = 1_000


class RemoteDrafts:
    """See `DraftsKeeper`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._calls = client.drafts

    def page(self, after: str | None, limit: int) -> Document:
        listed = all_pages(self._client, "drafts", {"behind": after, "limit": min(limit, _MOST_PAGE)})
        found = list(islice(listed, limit))
        return {"drafts": found, "next": found[-1]["draft"] if len(found) == limit else None}

    def draft(self, name: str) -> Document:
        found: Document = self._client.call("GET", _place(name))
        return found

    def contents(self, name: str) -> tuple[Document, Mapping[str, bytes]]:
        draft = self.draft(name)
        return draft, read_archive(self._client.fetch(f"{_place(name)}/archive", "application/zip")).files

    def create(self, name: str, source: str | None) -> Document:
        _require_name(name)
        found: Document = self._client.call("POST", _place(name), json={"source": source})
        return found

    def create_of(self, name: str, files: Mapping[str, bytes]) -> Document:
        _require_name(name)
        _require_outline(name, files)
        headers = {"content-type": "application/zip"}
        with _refusals():
            found: Document = self._client.call(
                "POST", f"{_place(name)}/archive", body=write_archive(files), headers=headers
            )
        return found

    def put(self, name: str, file: str, data: bytes, seen: str | None) -> Document:
        _require_outline(name, {file: data})
        _place(name)
        with _refusals():
            self._calls.write(name, file, data, seen=seen)
        return self.draft(name)

    def remove(self, name: str, file: str, seen: str) -> Document:
        if all(each["file"] != file for each in self.draft(name)["files"]):
            refuse(drafts.no_file(name))
        self._calls.remove(name, file, seen=seen)
        return self.draft(name)

    def check(self, name: str) -> Document:
        _place(name)
        found: Document = self._client.call("POST", at("strategies", name, "check"))
        return {"draft": name} | found

    def publish(self, name: str, seen: str) -> Document:
        _place(name)
        headers = {} if seen == ANY else {"if-match": f'"{seen}"'}
        try:
            done: Document = self._client.call("POST", at("strategies", name, "versions"), headers=headers)
            return {"published": None} | done
        except ApiError as error:
            if error.code != "BUNDLE_INVALID":
                raise
        found = self.check(name)
        return {"published": False, "problems": found["problems"], "warnings": found["warnings"]}

    def delete(self, name: str, seen: str) -> None:
        _place(name)
        self._calls.delete(name, seen=seen)


@contextmanager
def _refusals() -> Iterator[None]:
    """What only the server can see: that a file is one too many."""
    try:
        yield
    except ApiError as error:
        if error.code != "BUNDLE_INVALID":
            raise
        refuse_draft_as([Complaint(each.code, each.where, f"{each.message}. {each.hint}") for each in error.problems])


def _place(name: str) -> str:
    """Where a strategy's draft is; ends the command where there can't be one."""
    if not is_name(name):
        refuse(drafts.no_draft(name))
    return at("strategies", name, "draft")


def _require_name(name: str) -> None:
    if not is_name(name):
        refuse(drafts.bad_name())


def _require_outline(name: str, files: Mapping[str, bytes]) -> None:
    problems = outline_problems({file: len(data) for file, data in files.items()}, name)
    if problems:
        refuse_draft(problems)
