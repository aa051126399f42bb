"""Bars and equity in windows, as columns of whole numbers: what charts are made of."""

from typing import Annotated, Any

from fastapi import Query, Response

from periscope.market.columns import NO_PRICE, UNKNOWN_VOLUME, BarColumns
from periscope.report.run_files import microseconds
from periscope.runs.recorded import RecordedError
from periscope.runs.result_file import RESULT
from periscope.runs.valuation import MONEY_DIGITS
from periscope.server import result_models as model
from periscope.server.bar_windows import BarWindow, OpenBars, ReadBars, bar_window
from periscope.server.columns import Column, Format, Table, described
from periscope.server.equity_windows import FEWEST, equity_window
from periscope.server.models import Page, Text
from periscope.server.paging import PagingHere
from periscope.server.problems import Fault, ProblemError
from periscope.server.results import Results, ResultsHere
from periscope.server.routes.results import list_page
from periscope.server.routing import new_router

router = new_router("results")

MOST_POINTS = 100_000
_EARLIEST, _LATEST = 0, 4_102_444_800_000_000
"""1970 and 2100: all that a window may reach."""
_open = OpenBars()

PointsQuery = Annotated[int, Query(ge=1, le=MOST_POINTS, description="How many rows at most")]
StartQuery = Annotated[Text | None, Query(max_length=50, description="From when on, RFC 3339; default: from the start")]
EndQuery = Annotated[Text | None, Query(max_length=50, description="Until when, RFC 3339; default: to the end")]
FormatQuery = Annotated[
    Format, Query(alias="format", description="`binary` as docs/rest-bars.md describes it, or JSON")
]
StreamQuery = Annotated[
    Text, Query(min_length=1, max_length=200, description="SYMBOL:ASSET_TYPE:span, as SPY:ETF:minute")
]


@router.get("/runs/{number}/streams", response_model=Page[model.StreamRead])
def list_streams(results: ResultsHere, paging: PagingHere) -> dict[str, Any]:
    """The streams of bars that a run that has ended read, which `bars` gives windows of."""
    lines = [
        {
            "stream": f"{item['symbol']}:{item['asset_type']}:{item['span']}",
            **{name: item.get(name) for name in ("symbol", "asset_type", "span", "resampled_from")},
            **{name: item.get(name) for name in ("first", "last", "bars")},
        }
        for item in results.document().get("data") or []
    ]
    listed = list_page("streams", lines, paging)
    return {name: listed[name] for name in ("items", "next")}


@router.get("/runs/{number}/bars", response_class=Response, responses=described("The bars."))
def show_bars(
    results: ResultsHere,
    stream: StreamQuery,
    start: StartQuery = None,
    end: EndQuery = None,
    max_points: PointsQuery = 5_000,
    form: FormatQuery = "binary",
) -> Response:
    """The bars of a stream that start at or after `start` and before `end`, as the run saw them.

    Where there are more than `max_points` they are merged into whole candles; the first and the last of these may have
    bars outside the window.
    """
    read = _bars(results)
    entry = read.entries.get(stream)
    if entry is None:
        some = ", ".join(list(read.entries)[:10])
        hint = f"the run read {some}" if some else "the run read no bars"
        raise ProblemError("STREAM_NOT_FOUND", f"the run read no stream {stream[:100]!r}", hint=hint)
    first, stop = _window(start, end)
    window = bar_window(read, entry, max(first, entry.first), min(stop, entry.last + 1), max_points)
    if window is None:
        raise ProblemError("BARS_GONE", f"the data no longer has bars of {stream}")
    return _table(window, {"stream": stream, "as_read": read.as_read}).answer(form)


@router.get("/runs/{number}/equity", response_class=Response, responses=described("The equity curve."))
def show_equity(
    results: ResultsHere,
    start: StartQuery = None,
    end: EndQuery = None,
    max_points: Annotated[int, Query(ge=FEWEST, le=MOST_POINTS, description="How many rows at most")] = 5_000,
    form: FormatQuery = "binary",
) -> Response:
    """The equity curve from `start` to `end`; of more than `max_points` samples the extremes of each stretch."""
    first, stop = _window(start, end)
    columns, stored = equity_window(results.path("equity.parquet"), first, stop, max_points)
    money = [Column(name, columns[name], MONEY_DIGITS) for name in ("portfolio_value", "cash")]
    return Table((Column("time", columns["time"]), *money), {"stored": stored}).answer(form)


def _bars(results: Results) -> ReadBars:
    path = results.path(RESULT)
    try:
        return _open.of(path.name, results.document(), results.here.catalog())
    except RecordedError:
        raise ProblemError("NO_RESULTS", "the result does not say what the run read") from None


def _table(window: BarWindow, about: dict[str, Any]) -> Table:
    bars = window.bars
    columns = (
        Column("start", bars.start),
        Column("end", bars.end),
        *(Column(name, getattr(bars, name), window.price_scale, NO_PRICE) for name in BarColumns.PRICES),
        Column("volume", bars.volume, window.volume_scale, UNKNOWN_VOLUME),
    )
    seconds = {"seconds": window.seconds, "stored": window.stored, "zone": window.zone}
    return Table(columns, about | seconds)


def _window(start: str | None, end: str | None) -> tuple[int, int]:
    """The edges in microseconds UTC."""
    found = []
    for name, text, default in (("start", start, _EARLIEST), ("end", end, _LATEST)):
        edge = default if text is None else _micros(text)
        if edge is None or not _EARLIEST <= edge <= _LATEST:
            fault = Fault(code="TIME", where=f"query {name}", message="expected as 2024-01-22T14:30:00Z, 1970 to 2100")
            raise ProblemError("INVALID", f"`{name}` is no time", problems=[fault])
        found.append(edge)
    if found[0] >= found[1]:
        fault = Fault(code="WINDOW", where="query end", message="must be later than start")
        raise ProblemError("INVALID", "the window is empty", problems=[fault])
    return found[0], found[1]


def _micros(text: str) -> int | None:
    try:
        return microseconds(text)
    except OverflowError:
        return None
