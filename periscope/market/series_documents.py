"""An instrument and what is stored of it as JSON documents: those of `--json`, which are also those of the API."""

from collections.abc import Iterable, Iterator
from typing import Any

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.times import time_text
from periscope.market.bar_files import take
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns, Columns, InterestColumns, QuoteColumns
from periscope.market.coverage import Coverage
from periscope.market.errors import NotThereError
from periscope.market.quality.series import price_text


def instrument_document(instrument: Instrument) -> dict[str, Any]:
    """An instrument's facts: decimals as text, times in RFC 3339."""
    return {
        "symbol": instrument.symbol,
        "asset_type": instrument.asset_type.name,
        "exchange": instrument.exchange,
        "currency": instrument.currency,
        "tick": f"{instrument.tick:f}",
        "quantity_step": f"{instrument.quantity_step:f}",
        "multiplier": f"{instrument.multiplier:f}",
        "initial_margin": None if instrument.initial_margin is None else f"{instrument.initial_margin:f}",
        "maintenance_margin": None if instrument.maintenance_margin is None else f"{instrument.maintenance_margin:f}",
        "margins": [
            {
                "first_day": period.first_day.isoformat(),
                "initial": f"{period.initial:f}",
                "maintenance": f"{period.maintenance:f}",
            }
            for period in instrument.margins
        ],
        "root": instrument.root,
        "listed_at": None if instrument.listed_at is None else time_text(instrument.listed_at),
        "expires_at": None if instrument.expires_at is None else time_text(instrument.expires_at),
        "source": instrument.source,
    }


def stored_series(catalog: Catalog, instrument: Instrument) -> list[tuple[type[Columns], BarTimeSpan, Coverage]]:
    """Everything that is stored of an instrument: bars, then quote bars, then open interest, finest span first."""
    return [
        (kind, span, coverage)
        for kind, spans in (
            (BarColumns, catalog.spans),
            (QuoteColumns, catalog.quote_spans),
            (InterestColumns, catalog.interest_spans),
        )
        for span, coverage in spans(instrument).items()
    ]


def series_document(
    catalog: Catalog, instrument: Instrument, kind: type[Columns], span: BarTimeSpan, coverage: Coverage, rows: int
) -> dict[str, Any]:
    """What is stored of one kind at one span: its extent, its files with hashes, and so many rows at each end."""
    head, tail = _ends(_chunks(catalog, instrument, kind, span, coverage), instrument, coverage.rows, rows)
    return {
        "span": span.value,
        "data": kind.WHAT,
        "bars": coverage.rows,
        "first": time_text(coverage.first),
        "last": time_text(coverage.last),
        "until": time_text(coverage.until),
        "files": catalog.fingerprint(instrument, span, kind=kind),
        "head": head,
        "tail": tail,
    }


def series_lines(catalog: Catalog) -> Iterator[dict[str, Any]]:
    """Everything that is stored of every instrument, in short."""
    return (
        {
            "symbol": instrument.symbol,
            "asset_type": instrument.asset_type.name,
            "exchange": instrument.exchange,
            "span": span.value,
            "data": kind.WHAT,
            "bars": coverage.rows,
            "first": time_text(coverage.first),
            "last": time_text(coverage.last),
            "source": instrument.source,
        }
        for instrument in catalog.instruments.all()
        for kind, span, coverage in stored_series(catalog, instrument)
    )


def stored_document(
    catalog: Catalog, instrument: Instrument, span: BarTimeSpan | None = None, rows: int = 5
) -> dict[str, Any]:
    """An instrument's facts and what is stored of it, at one span or at all, with so many rows at each end."""
    series = [
        series_document(catalog, instrument, kind, stored, coverage, rows)
        for kind, stored, coverage in stored_series(catalog, instrument)
        if span in {None, stored}
    ]
    return instrument_document(instrument) | {"series": series}


def instruments_named(catalog: Catalog, symbol: str, asset_type: AssetType | None = None) -> list[Instrument]:
    """The instruments of a symbol, of one type or of all. Raises NotThereError UNKNOWN_INSTRUMENT."""
    name = symbol.strip().upper()
    found = [
        each for each in catalog.instruments.all() if each.symbol == name and asset_type in {None, each.asset_type}
    ]
    if not found:
        what = catalog.instruments.explain_unknown(name, asset_type or AssetType.EQUITY)
        raise NotThereError("UNKNOWN_INSTRUMENT", what)
    return found


def stored_documents(
    catalog: Catalog, symbol: str, asset_type: AssetType | None, span: BarTimeSpan | None, rows: int
) -> list[dict[str, Any]]:
    """What is stored of the instruments of a symbol. Raises NotThereError, also where the span is not among it."""
    found = instruments_named(catalog, symbol, asset_type)
    documents = [stored_document(catalog, each, span, rows) for each in found]
    if span is not None and not any(document["series"] for document in documents):
        stored = ", ".join(each.value for instrument in found for each in catalog.spans(instrument)) or "none at all"
        what = f"no {span.value} bars of {found[0].symbol}; the catalog has {stored}"
        raise NotThereError("SPAN_NOT_AVAILABLE", what)
    return documents


def _chunks(
    catalog: Catalog, instrument: Instrument, kind: type[Columns], span: BarTimeSpan, coverage: Coverage
) -> Iterable[Columns]:
    if kind is BarColumns:
        return catalog.all_bars(instrument, span, coverage.first, coverage.until)
    if kind is QuoteColumns:
        return catalog.all_quotes(instrument, span, coverage.first, coverage.until)
    return catalog.all_interest(instrument, span, coverage.first, coverage.until)


def _ends(
    chunks: Iterable[Columns], instrument: Instrument, count: int, rows: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    head: list[dict[str, Any]] = []
    tail: list[dict[str, Any]] = []
    left = max(count - rows, rows)
    seen = 0
    for chunk in chunks:
        if seen < rows:
            head += _documents(take(chunk, slice(0, rows - seen)), instrument)
        if seen + len(chunk) > left:
            tail += _documents(take(chunk, slice(max(left - seen, 0), None)), instrument)
        seen += len(chunk)
    return head, tail


def _documents(rows: Columns, instrument: Instrument) -> list[dict[str, Any]]:
    scales = dict.fromkeys(rows.PRICES, instrument.price_scale) | dict.fromkeys(rows.SIZES, instrument.volume_scale)
    return [
        {
            name: time_text(value) if name not in scales else _number(value, scales[name], rows.missing(name))
            for name in rows.NAMES
            for value in (int(getattr(rows, name)[row]),)
        }
        for row in range(len(rows))
    ]


def _number(value: int, scale: int, missing: int | None) -> str | None:
    return None if value == missing else price_text(value, scale)
