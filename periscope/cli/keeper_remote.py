"""Versions and runs on a server, asked over its API. The documents are the server's; the words are those of here."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn

from periscope.cli.exits import EXITS, HINTS, ExitCode
from periscope.cli.keeper import Document
from periscope.cli.output import Complaint, fail
from periscope.cli.run_document import refuse_config
from periscope.cli.store import exit_of, refuse
from periscope.client import ApiError, Client
from periscope.client.address import token_of_environment
from periscope.client.group import at
from periscope.runs.documents import findings_document, short_progress
from periscope.runs.store.refusals import no_version
from periscope.strategies.archive import write_archive
from periscope.strategies.bundle import read_folder
from periscope.strategies.static_check import check_bundle
from periscope.strategies.versions import DRAFT_SUFFIX, parse_reference

_PAGE = 1_000
_LONG = ("config", "result", "issues", "files")
"""What the document of a run has beyond its line."""
_EXITS = EXITS | {
    "OUR_FAULT": ExitCode.OUR_FAULT,
    "NOT_FOUND": ExitCode.NOT_FOUND,
    "BUNDLE_INVALID": ExitCode.INVALID,
    "DISK_FULL": ExitCode.DATA,
    "STORE_UNAVAILABLE": ExitCode.DATA,
    "STORE_DAMAGED": ExitCode.DATA,
    "CATALOG_UNAVAILABLE": ExitCode.DATA,
    "NO_CATALOG": ExitCode.DATA,
    "NO_BARS": ExitCode.DATA,
    "NO_COMMON_BAR": ExitCode.DATA,
    "NO_EXPIRIES": ExitCode.DATA,
    "NO_FRONT_MONTH": ExitCode.DATA,
    "NO_SESSIONS": ExitCode.DATA,
    "NOT_POSITIVE": ExitCode.DATA,
    "OPEN_INTEREST_UNKNOWN": ExitCode.DATA,
    "OUTSIDE_SESSION_TABLE": ExitCode.DATA,
    "SERVER_URL": ExitCode.USAGE,
    "TOKEN_UNUSABLE": ExitCode.USAGE,
    "TOKEN_EXPOSED": ExitCode.USAGE,
}


@contextmanager
def asking(url: str) -> Iterator[Client]:
    """The server at an address, with the token of the environment. What it refuses ends the command."""
    try:
        with Client(url, token_of_environment()) as client:
            yield client
    except ApiError as error:
        _refuse(error)


@contextmanager
def open_remote(url: str) -> Iterator["RemoteKeeper"]:
    """The same as a keeper."""
    with asking(url) as client:
        yield RemoteKeeper(client)


class RemoteKeeper:
    """See `Keeper`."""

    look_seconds = 1.0

    def __init__(self, client: Client) -> None:
        self._client = client
        self._log_places: dict[tuple[int, str | None, int], str] = {}

    def publish(self, name: str, bundle: Path) -> Document:
        folder = read_folder(bundle)
        if folder.problems:
            checked = check_bundle(bundle)  # which says what else is wrong, and needs nobody
            return {"published": False} | findings_document(checked.problems, checked.warnings)
        done = self.publish_archive(name, write_archive(folder.files), "archive")
        return done | {"warnings": findings_document([], folder.warnings)["warnings"] + done["warnings"]}

    def publish_archive(self, name: str, data: bytes, shown: str) -> Document:
        path, headers = at("strategies", name, "versions"), {"content-type": "application/zip"}
        try:
            done: Document = self._client.call("POST", path, body=data, headers=headers)
            return {"published": None} | done
        except ApiError as error:
            if error.code != "BUNDLE_INVALID":
                raise
        found = self._client.call("POST", at("strategies", name, "check"), body=data, headers=headers)
        problems = [each | {"file": shown} if each["file"] == "archive" else each for each in found["problems"]]
        return {"published": False, "problems": problems, "warnings": found["warnings"]}

    def versions(self, strategy: str | None) -> list[Document]:
        names = self._published() if strategy is None else [strategy]
        found = [version for name in names for version in self._versions_of(name)]
        if strategy is not None and not found:
            self._no_version(strategy)
        return found

    def version(self, reference: str) -> Document:
        name, number = self._numbered(reference)
        try:
            return self._get(at("strategies", name, "versions", number))
        except ApiError as error:
            if error.code != "VERSION_NOT_FOUND":
                raise
            self._no_version(reference)

    def archive(self, reference: str) -> bytes:
        if reference.endswith(DRAFT_SUFFIX):
            path = at("strategies", reference.removesuffix(DRAFT_SUFFIX), "draft", "archive")
        else:
            self.version(reference)
            name, number = self._numbered(reference)
            path = at("strategies", name, "versions", number, "archive")
        return self._client.fetch(path, "application/zip")

    def runs(self, *, status: str | None, strategy: str | None, before: int | None, limit: int) -> Document:
        found: list[Document] = []
        wanted: dict[str, Any] = {"status": status, "strategy": strategy, "before": before}
        while len(found) < limit:
            page = self._get("runs", wanted | {"limit": min(limit - len(found), _PAGE)})
            found += page["items"]
            wanted["after"] = page["next"]
            if page["next"] is None:
                break
        return {"runs": found, "next": found[-1]["run"] if found and wanted["after"] is not None else None}

    def run(self, number: int) -> Document:
        return self._get(f"runs/{number}")

    def create(self, version: str, config: Any, catalog: str | None) -> Document:
        is_the_servers("--catalog", catalog)
        return self._do("POST", "runs", {"version": version, "config": config})

    def edit(self, number: int, config: Any, catalog: str | None) -> Document:
        is_the_servers("--catalog", catalog)
        return self._do("PATCH", f"runs/{number}", {"config": config})

    def start(self, numbers: Sequence[int], *, catalog: str | None, at_once: int | None) -> list[Document]:
        is_the_servers("--catalog", catalog)
        is_the_servers("--at-once", at_once)
        return [_line(self._do("POST", f"runs/{number}/start")) for number in numbers]

    def stop(self, number: int) -> Document:
        return _line(self._do("POST", f"runs/{number}/stop"))

    def kill(self, number: int) -> Document:
        return _line(self._do("POST", f"runs/{number}/kill"))

    def reset(self, number: int) -> Document:
        return self._do("POST", f"runs/{number}/reset")

    def copy(self, number: int) -> Document:
        return self._do("POST", f"runs/{number}/copy")

    def delete(self, number: int) -> None:
        self._client.runs.delete(number)

    def issues(self, number: int) -> list[Document]:
        return list(self._all(f"runs/{number}/issues"))

    def logs(self, number: int, *, after: int, limit: int, search: str | None) -> tuple[list[Document], int, bool]:
        found: list[Document] = []
        count, place = 0, None
        if (number, search, after) in self._log_places:
            count, place = after, self._log_places[number, search, after]
        is_active = self.run(number)["status"] in ("starting", "running")
        while True:
            page = self._get(f"runs/{number}/logs", {"search": search, "limit": _PAGE, "after": place})
            found += page["items"][max(after - count, 0) : max(after + limit - count, 0)]
            count += len(page["items"])
            if page["next"] is None or page["next"] == place:
                break
            place = page["next"]
        if place is not None:
            self._log_places[number, search, count] = place
        return found, count, is_active

    def table(
        self, number: int, table: str, *, after: int, limit: int, match: Mapping[str, str]
    ) -> tuple[list[Document], int]:
        rows: list[Document] = []
        wanted: dict[str, Any] = {**match, "skip": after}
        while True:
            page = self._get(f"runs/{number}/{table}", wanted | {"limit": min(limit - len(rows), _PAGE)})
            rows += page["items"]
            wanted["after"] = page["next"]
            if page["next"] is None or len(rows) >= limit:
                return rows, page["count"]

    def report(self, number: int, target: Path) -> None:
        self._client.runs.report(number, target, overwrite=True)

    def export(self, number: int, target: Path) -> None:
        self._client.runs.export(number, target)

    def _published(self) -> list[str]:
        """The names of the strategies that have versions."""
        return [each["strategy"] for each in self._all("strategies") if each["newest_version"] is not None]

    def _versions_of(self, strategy: str) -> list[Document]:
        try:
            return list(self._all(at("strategies", strategy, "versions")))
        except ApiError as error:
            if error.code not in ("STRATEGY_NOT_FOUND", "NOT_FOUND"):
                raise
            return []

    def _numbered(self, reference: str) -> tuple[str, int]:
        """A strategy and the number of a version, the newest where the reference has none."""
        parsed = parse_reference(reference)
        if parsed is not None:
            return parsed.strategy, parsed.number
        try:
            newest = self._get(at("strategies", reference))["newest_version"]
        except ApiError as error:
            if error.code not in ("STRATEGY_NOT_FOUND", "NOT_FOUND"):
                raise
            newest = None
        if newest is None:
            self._no_version(reference)
        return reference, int(newest)

    def _no_version(self, reference: str) -> NoReturn:
        refuse(no_version(reference, self._published()))

    def _get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Document:
        answer: Document = self._client.call("GET", path, parameters=parameters)
        return answer

    def _do(self, method: str, path: str, body: Any = None) -> Document:
        answer: Document = self._client.call(method, path, json=body)
        return answer

    def _all(self, path: str) -> Iterator[Document]:
        return all_pages(self._client, path)


def all_pages(client: Client, path: str, parameters: Mapping[str, Any] | None = None) -> Iterator[Document]:
    """Every item of a listing, as the server says it."""
    after = None
    while True:
        page = client.call("GET", path, parameters={"limit": _PAGE, **(parameters or {}), "after": after})
        yield from page["items"]
        after = page["next"]
        if after is None:
            return


def written(option: Any) -> Any:
    """An option as the API writes it."""
    return option.value if isinstance(option, Enum) else option


def _line(run: Document) -> Document:
    """The document of a run in short."""
    line = {name: value for name, value in run.items() if name not in _LONG}
    return line | {"progress": short_progress(run["progress"])}


def is_the_servers(option: str, value: object) -> None:
    """End the command where an option is given that only makes sense here."""
    if value is not None:
        what = f"{option} is for this machine; a server has its own"
        fail("USAGE", what, exit_code=ExitCode.USAGE, hint=f"leave out {option}")


def _refuse(error: ApiError) -> NoReturn:
    """End the command as it would end here, where the code is one that is known here."""
    if error.code == "CONFIG_INVALID":
        from periscope.runs.config import Problem

        refuse_config([Problem(each.code, each.where, each.message) for each in error.problems])
    exit_code = _EXITS.get(error.code)
    if exit_code is None:
        is_network = error.status is None or error.status >= 500 or error.code.startswith("SERVER_")
        exit_code = ExitCode.REMOTE if is_network else exit_of(error.code)
    complaints = [Complaint(each.code, each.where, each.message) for each in error.problems]
    hint = HINTS.get(error.code, error.hint)
    fail(error.code, error.detail, exit_code=exit_code, hint=hint, problems=complaints)
