"""The catalog's bars: what is stored, whether it is good, and bringing in more."""

from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import BoundedSemaphore
from typing import Annotated, Any, Literal

import fastapi
from fastapi import Depends, Query
from pydantic import Field

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.words import renamed
from periscope.market.catalog import Catalog
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.formats import FORMATS, detect_format, import_path
from periscope.market.importers.options import BARS, QUOTES, ImportOptions
from periscope.market.quality.documents import check_days, imported_findings, quality_document, series_to_check
from periscope.market.roll_documents import continuous_document
from periscope.market.series_documents import series_lines, stored_documents
from periscope.server.context import Context, Here
from periscope.server.models import Document, Model, Moment, Text
from periscope.server.paging import PagingHere
from periscope.server.problems import Fault, ProblemError
from periscope.server.result_models import Counted
from periscope.server.routes.results import list_page
from periscope.server.routing import FileBody, body_up_to, new_router, raw_body

router = new_router("data")

MOST_UPLOAD = 1 << 30
_FIRST, _LAST = date(1900, 1, 1), date(2199, 12, 31)
_IMPORTS_AT_ONCE = BoundedSemaphore(1)
CHECKS_AT_ONCE = BoundedSemaphore(2)
"""Both read and write much; more than so many wait."""
_USAGE = 2
"""What an import's refusal has as `exit_code` where more options would mend it."""

SymbolPath = Annotated[Text, fastapi.Path(min_length=1, max_length=100, description="The symbol, such as SPY or ESZ13")]
RootPath = Annotated[Text, fastapi.Path(min_length=1, max_length=20, description="The futures root, such as ES")]
AssetTypeQuery = Annotated[AssetType | None, Query(description="Only of this type")]
SpanQuery = Annotated[BarTimeSpan | None, Query(description="Only this span")]
RowsQuery = Annotated[int, Query(ge=1, le=10_000, description="How many bars at each end")]
ShortText = Annotated[Text, Field(min_length=1, max_length=100)]
Positive = Annotated[Decimal, Field(gt=0, max_digits=30)]


class SeriesLine(Model):
    """What is stored of one instrument at one span, in short."""

    symbol: str
    asset_type: str
    exchange: str
    span: str
    data: str = Field(description="bars, quote bars or open interest")
    bars: int
    first: Moment
    last: Moment
    source: str


class Stored(Model):
    """An instrument's facts, and what is stored of it; docs/data-catalog.md."""

    instruments: list[Document]


class Quality(Model):
    """What a check has found; docs/data-quality.md."""

    series: list[Document]
    bars: int
    clean: int
    problems: int
    accepted: int
    notes: int


class Continuous(Model):
    """A futures root as one series; docs/futures-rolls.md."""

    root: str
    span: str
    adjustment: str
    bars: int
    rounded_to_decimals: int | None
    rolls: list[Document]
    head: list[Document]
    tail: list[Document]


class Imported(Model):
    """What an import brought; docs/data-import.md."""

    format: str
    path: str = Field(description="The name that the file was sent under")
    series: list[Document]
    findings: list[Document]
    finding_counts: dict[str, int]
    skipped_rows: int
    skipped_files: dict[str, int]
    notes: list[str]
    quality: list[Document] = Field(description="What a check finds in the new bars")


@router.get("/data/series", response_model=Counted[SeriesLine])
def list_series(here: Here, paging: PagingHere) -> dict[str, Any]:
    """Everything that is stored, by instrument and span."""
    return list_page("series", list(series_lines(here.catalog())), paging)


@router.get("/data/series/{symbol}", response_model=Stored)
def show_series(
    here: Here,
    symbol: SymbolPath,
    asset_type: AssetTypeQuery = None,
    span: SpanQuery = None,
    rows: RowsQuery = 5,
) -> dict[str, Any]:
    """An instrument: its facts, what is stored with hashes, its first and last bars."""
    with CHECKS_AT_ONCE:
        return {"instruments": stored_documents(here.catalog(), symbol, asset_type, span, rows)}


@router.get("/data/series/{symbol}/quality", response_model=Quality)
def check_series(
    here: Here,
    symbol: SymbolPath,
    asset_type: AssetTypeQuery = None,
    span: SpanQuery = None,
    since: Annotated[date | None, Query(alias="from", ge=_FIRST, le=_LAST, description="The first day")] = None,
    until: Annotated[date | None, Query(alias="to", ge=_FIRST, le=_LAST, description="The last day")] = None,
) -> dict[str, Any]:
    """Look for what is wrong with bars and quotes: gaps, spikes, wrong stamps and more."""
    require_order(since, until)
    catalog = here.catalog()
    wanted = series_to_check(catalog, [symbol], span, asset_type)
    with CHECKS_AT_ONCE:
        found = [check_days(catalog, each, stored, since, until, quotes=quotes) for each, stored, quotes in wanted]
    return quality_document([report for report in found if report is not None])


@router.get("/data/continuous/{root}", response_model=Continuous)
def show_continuous(
    here: Here,
    root: RootPath,
    adjustment: Annotated[
        Literal["raw", "difference", "ratio"], Query(description="What makes up for the steps between contracts")
    ] = "raw",
    span: SpanQuery = None,
    rows: RowsQuery = 5,
) -> dict[str, Any]:
    """The contracts of a futures root as one series, rolled by volume; day bars if no span is named."""
    with CHECKS_AT_ONCE:
        return continuous_document(here.catalog(), root, span, adjustment, rows)


def require_order(since: date | None, until: date | None) -> None:
    """Refuse days of which the last is before the first."""
    if since is not None and until is not None and until < since:
        raise ProblemError("INVALID", f"`to` {until} is before `from` {since}")


async def _options(  # noqa: PLR0913, PLR0917 - one parameter for each option
    symbol: Annotated[ShortText | None, Query(description="The instrument's symbol")] = None,
    asset_type: Annotated[AssetType | None, Query(description="Default EQUITY")] = None,
    span: Annotated[BarTimeSpan | None, Query(description="The bars' span")] = None,
    exchange: Annotated[ShortText | None, Query(description="Whose sessions count")] = None,
    kind: Annotated[Literal["bars", "quotes"] | None, Query(description="Of a file with columns of both")] = None,
    stamp: Annotated[Literal["start", "end"] | None, Query(description="Which end of a bar the time is")] = None,
    tz: Annotated[ShortText | None, Query(description="Time zone of stamps without one")] = None,
    tick: Annotated[Positive | None, Query(description="The smallest price move")] = None,
    multiplier: Annotated[Positive | None, Query(description="Money per price unit")] = None,
    currency: Annotated[ShortText | None, Query(description="The currency of the prices")] = None,
    date_format: Annotated[ShortText | None, Query(description="How stamps are written")] = None,
    decimal: Annotated[Literal["point", "comma"] | None, Query(description="What stands before decimals")] = None,
    skip_bad_rows: Annotated[bool, Query(description="Leave out rows that can't be bars")] = False,
    replace: Annotated[bool, Query(description="Let these bars win over stored ones")] = False,
) -> ImportOptions:
    return ImportOptions(
        symbol=symbol,
        asset_type=asset_type,
        span=span,
        exchange=exchange,
        stamp=stamp,
        tz=tz,
        tick=tick,
        multiplier=multiplier,
        currency=currency,
        date_format=date_format,
        decimal={None: None, "point": ".", "comma": ","}[decimal],
        kind={None: None, "bars": BARS, "quotes": QUOTES}[kind],
        skip_bad_rows=skip_bad_rows,
        replace=replace,
    )


@router.post(
    "/data/imports",
    response_model=Imported,
    openapi_extra=raw_body("application/octet-stream", "A file of bars: CSV, JSON, Parquet, Arrow or DBN"),
)
@body_up_to(MOST_UPLOAD, in_file=True)
def import_bars(
    here: Here,
    body: FileBody,
    options: Annotated[ImportOptions, Depends(_options)],
    name: Annotated[str, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", description="What to call it")] = "data",
    format_: Annotated[
        Literal["csv", "json", "parquet", "arrow", "dbn"] | None,
        Query(alias="format", description="Else found out"),
    ] = None,
) -> dict[str, Any]:
    """Import the file in the body. Nothing is stored unless every row is understood, or `skip_bad_rows` is given."""
    file = body.rename(body.with_name(name))
    try:
        with _IMPORTS_AT_ONCE:
            return _imported(here, file, options, format_)
    except ImportProblem as problem:
        raise _refusal(problem, file, here) from None
    finally:
        with suppress(FileNotFoundError):
            file.rename(body)


def _imported(here: Context, file: Path, options: ImportOptions, format_: str | None) -> dict[str, Any]:
    chosen = format_ or detect_format(file)
    if chosen == FORMATS[-1]:
        raise ImportProblem("UNKNOWN_FORMAT", "folders of LEAN are imported by the command line")
    catalog = Catalog.create(here.surroundings.catalog)
    summary = import_path(file, catalog, options, force_format=chosen)
    return summary.to_json() | {"path": file.name, "quality": imported_findings(catalog, summary)}


def _refusal(problem: ImportProblem, file: Path, here: Context) -> ProblemError:
    """The refusal of an import, which names the file as the sender does and no place of this machine.

    The first of its problems is why the file as a whole was refused; the others are the rows at fault.
    """
    if problem.code == "DISK_FULL":
        return ProblemError("DISK_FULL", "there is no room left on the server's disk; nothing was imported")
    names = {str(file): file.name, str(here.store.place.folder): "", here.surroundings.catalog: "the catalog"}
    headline = renamed(problem.message.splitlines()[0], names)
    faults = [Fault(code=problem.code, where=file.name, message=headline)]
    rows = problem.rows_at_fault
    faults += [
        Fault(code=row.code, where=row.place, message=renamed(row.message, names), line=row.line) for row in rows
    ]
    code = "IMPORT_UNCLEAR" if problem.exit_code == _USAGE else "IMPORT_REFUSED"
    return ProblemError("CATALOG_CONFLICT" if problem.code == "CATALOG_CONFLICT" else code, headline, problems=faults)
