"""Versions and runs in the store of the workspace here."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from periscope.cli.exits import ExitCode
from periscope.cli.keeper import Document
from periscope.cli.output import fail
from periscope.cli.store import Desk, allowed
from periscope.cli.workspace import allowed_modules, find_catalog
from periscope.runs import drafts, kept, managing
from periscope.runs.documents import (
    published_document,
    row_document,
    run_document,
    run_issues,
    run_line,
    version_document,
    version_line,
)
from periscope.runs.lifecycle import Status
from periscope.runs.publishing import publish, publish_archive, version_files
from periscope.runs.result_file import RESULT
from periscope.runs.store.refusals import Refused
from periscope.runs.store.run_rows import Run
from periscope.runs.supervise import ensure_supervisor
from periscope.runs.surroundings import Surroundings
from periscope.strategies.archive import write_archive
from periscope.strategies.versions import DRAFT_SUFFIX

if TYPE_CHECKING:
    from periscope.market.catalog import Catalog
    from periscope.runs.config import Problem


class LocalKeeper:
    """See `Keeper`."""

    look_seconds = 0.25

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.store
        self._surroundings: Surroundings | None = None

    def publish(self, name: str, bundle: Path) -> Document:
        return published_document(publish(self._store, name, bundle, allowed_modules(bundle)))

    def publish_archive(self, name: str, data: bytes, shown: str) -> Document:
        return published_document(publish_archive(self._store, name, data, shown, allowed_modules(Path(shown))))

    def versions(self, strategy: str | None) -> list[Document]:
        if strategy is not None:
            allowed(managing.find_version(self._store, strategy))
        return [version_line(version) for version in self._store.versions.all(strategy)]

    def version(self, reference: str) -> Document:
        return version_document(self._store, allowed(managing.find_version(self._store, reference)))

    def archive(self, reference: str) -> bytes:
        if reference.endswith(DRAFT_SUFFIX):
            _, files = allowed(drafts.read(self._store, reference.removesuffix(DRAFT_SUFFIX)))
            return write_archive(files)
        return write_archive(version_files(self._store, allowed(managing.find_version(self._store, reference))))

    def runs(self, *, status: str | None, strategy: str | None, before: int | None, limit: int) -> Document:
        wanted = None if status is None else Status(status)
        found = self._store.runs.page(status=wanted, strategy=strategy, before=before, limit=limit)
        self._keep_going(found)
        more = found[-1].id if len(found) == limit else None
        return {"runs": [run_line(run) for run in found], "next": more}

    def run(self, number: int) -> Document:
        run = self._find(number)
        self._keep_going([run])
        return run_document(self._store, run)

    def create(self, version: str, config: Any, catalog: str | None) -> Document:
        found = allowed(managing.find_version(self._store, version))
        return self._valid(managing.create(self._store, found, config, _catalog(catalog)))

    def edit(self, number: int, config: Any, catalog: str | None) -> Document:
        return self._valid(managing.edit(self._store, number, config, _catalog(catalog)))

    def start(self, numbers: Sequence[int], *, catalog: str | None, at_once: int | None) -> list[Document]:
        surroundings = self._surroundings = self._desk.surroundings(catalog)
        try:
            return [run_line(allowed(managing.start(self._store, number))) for number in numbers]
        finally:  # also for those that were started before one that could not be
            ensure_supervisor(self._store, surroundings, at_once=at_once)

    def stop(self, number: int) -> Document:
        return self._asked(managing.stop(self._store, number))

    def kill(self, number: int) -> Document:
        return self._asked(managing.kill(self._store, number))

    def reset(self, number: int) -> Document:
        return run_document(self._store, allowed(managing.reset(self._store, number)))

    def copy(self, number: int) -> Document:
        return run_document(self._store, allowed(managing.copy(self._store, number)))

    def delete(self, number: int) -> None:
        allowed(managing.delete(self._store, number))

    def issues(self, number: int) -> list[Document]:
        return run_issues(self._store, self._find(number))

    def logs(self, number: int, *, after: int, limit: int, search: str | None) -> tuple[list[Document], int, bool]:
        run = self._find(number)
        page = allowed(kept.log_lines(self._store, run, after=after, limit=limit, search=search))
        return (*page, run.is_active)

    def table(
        self, number: int, table: str, *, after: int, limit: int, match: Mapping[str, str]
    ) -> tuple[list[Document], int]:
        found = kept.table_page(self._store, self._find(number), table, after=after, limit=limit, match=dict(match))
        rows, count = allowed(found)
        return [row_document(row) for row in rows], count

    def report(self, number: int, target: Path) -> None:
        from periscope.report.page import write_report
        from periscope.report.run_files import ReportError

        run = self._find(number)
        allowed(kept.results_file(self._store, run, RESULT))
        catalog = self._desk.surroundings().catalog
        with kept.laid_out(self._store, run) as folder:
            try:
                write_report(folder, target, catalog_root=catalog)
            except ReportError as problem:
                hint = f"the run is {run.status}"
                fail("NO_RESULTS", f"no report can be made: {problem}", exit_code=ExitCode.USAGE, hint=hint)

    def export(self, number: int, target: Path) -> None:
        allowed(kept.export_run(self._store, self._find(number), target))

    def _find(self, number: int) -> Run:
        return allowed(managing.find(self._store, number))

    def _asked(self, answer: Run | Refused) -> Document:
        run = allowed(answer)
        self._keep_going([run])
        return run_line(run)

    def _valid(self, answer: "Run | Refused | list[Problem]") -> Document:
        if isinstance(answer, list):
            from periscope.cli.run_document import refuse_config

            refuse_config(answer)
        return run_document(self._store, allowed(answer))

    def _keep_going(self, seen: Sequence[Run]) -> None:
        """Where active runs have lost their supervisor, start one: no run stays put because somebody was killed."""
        if any(run.is_active for run in seen):
            ensure_supervisor(self._store, self._surroundings or self._desk.surroundings())


def _catalog(named: str | None) -> "Catalog":
    from periscope.market.catalog import Catalog

    return Catalog(find_catalog(named, must_exist=True))
