"""Bars in a catalog here."""

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.cli.exits import ExitCode
from periscope.cli.import_display import import_display, refuse_import
from periscope.cli.keeper import Document
from periscope.cli.output import Complaint
from periscope.cli.release import release
from periscope.cli.workspace import find_catalog
from periscope.market.catalog import Catalog

if TYPE_CHECKING:
    from periscope.market.importers.findings import ImportProblem
    from periscope.market.importers.options import ImportOptions


class LocalData:
    """See `DataKeeper`."""

    def __init__(self, catalog: str | None) -> None:
        self._named = catalog

    def series(self) -> Document:
        from periscope.market.series_documents import series_lines

        opened = self._open()
        return {"catalog": opened.files.where, "series": list(series_lines(opened))}

    def show(self, symbol: str, asset_type: AssetType | None, span: BarTimeSpan | None, rows: int) -> Document:
        from periscope.market.series_documents import stored_documents

        opened = self._open()
        documents = stored_documents(opened, symbol, asset_type, span, rows)
        return {"catalog": opened.files.where, "instruments": documents}

    def continuous(self, root: str, adjustment: str, span: BarTimeSpan | None, rows: int) -> Document:
        from periscope.market.roll_documents import continuous_document

        opened = self._open()
        return continuous_document(opened, root, span, adjustment, rows) | {"catalog": opened.files.where}

    def check(
        self,
        symbols: Sequence[str],
        span: BarTimeSpan | None,
        days: tuple[date | None, date | None],
        accepted: Collection[str],
        report: Path | None,
    ) -> Document:
        from periscope.market.quality.documents import check_days, quality_document, series_to_check

        opened = self._open()
        wanted = series_to_check(opened, symbols, span)
        reports = []
        with import_display() as progress:
            for done, (instrument, stored, quotes) in enumerate(wanted):
                progress(done, len(wanted), f"{instrument.symbol} {stored.value}")
                found = check_days(opened, instrument, stored, *days, quotes=quotes)
                if found is not None:
                    reports.append(found)
        document = quality_document(reports, accepted) | {"catalog": opened.files.where, "report": None}
        if report is not None:
            from periscope.report.quality import write_quality_report

            page = write_quality_report(reports, report, accepted=frozenset(accepted), version=release())
            document["report"] = str(page)
        return document

    def bring_in(self, path: Path, options: "ImportOptions", format_: str | None) -> Document:
        from periscope.market.importers.findings import ImportProblem
        from periscope.market.importers.formats import import_path
        from periscope.market.quality.documents import imported_findings

        root = find_catalog(self._named)
        opened = Catalog.create(root)
        with import_display() as progress:
            try:
                summary = import_path(path, opened, options, force_format=format_, progress=progress)
            except ImportProblem as problem:
                _refuse(problem)
        return summary.to_json() | {"catalog": str(root), "quality": imported_findings(opened, summary)}

    def _open(self) -> Catalog:
        return Catalog.open(find_catalog(self._named, must_exist=True))


def _refuse(problem: "ImportProblem") -> NoReturn:
    headline, *_ = problem.message.splitlines()
    complaints = [Complaint(row.code, row.place, row.message) for row in problem.rows_at_fault]
    refuse_import(problem.code, headline, ExitCode(problem.exit_code), complaints)
