"""What `periscope data show` says about an instrument and its bars, as JSON documents."""

from typing import Any

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.times import time_text
from periscope.market.bar_files import take
from periscope.market.catalog import Catalog
from periscope.market.columns import UNKNOWN_VOLUME, BarColumns


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
        "root": instrument.root,
        "listed_at": None if instrument.listed_at is None else time_text(instrument.listed_at),
        "expires_at": None if instrument.expires_at is None else time_text(instrument.expires_at),
        "source": instrument.source,
    }


def series_document(catalog: Catalog, instrument: Instrument, span: BarTimeSpan, rows: int) -> dict[str, Any]:
    """What is stored at one span: its extent, its files with hashes, and so many bars at each end."""
    coverage = catalog.spans(instrument)[span]
    head, tail = _ends(catalog, instrument, span, rows)
    return {
        "span": span.value,
        "bars": coverage.rows,
        "first": time_text(coverage.first),
        "last": time_text(coverage.last),
        "until": time_text(coverage.until),
        "files": catalog.fingerprint(instrument, span),
        "head": head,
        "tail": tail,
    }


def _ends(
    catalog: Catalog, instrument: Instrument, span: BarTimeSpan, rows: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    coverage = catalog.spans(instrument)[span]
    head: list[dict[str, Any]] = []
    tail: list[dict[str, Any]] = []
    left = max(coverage.rows - rows, rows)
    seen = 0
    for bars in catalog.all_bars(instrument, span, coverage.first, coverage.until):
        if seen < rows:
            head += _documents(take(bars, slice(0, rows - seen)), instrument)
        if seen + len(bars) > left:
            tail += _documents(take(bars, slice(max(left - seen, 0), None)), instrument)
        seen += len(bars)
    return head, tail


def _documents(bars: BarColumns, instrument: Instrument) -> list[dict[str, Any]]:
    return [
        {
            "start": time_text(int(bars.start[row])),
            "end": time_text(int(bars.end[row])),
            "open": _number(int(bars.open[row]), instrument.price_scale),
            "high": _number(int(bars.high[row]), instrument.price_scale),
            "low": _number(int(bars.low[row]), instrument.price_scale),
            "close": _number(int(bars.close[row]), instrument.price_scale),
            "volume": _volume(int(bars.volume[row]), instrument.volume_scale),
        }
        for row in range(len(bars))
    ]


def _volume(value: int, scale: int) -> str | None:
    return None if value == UNKNOWN_VOLUME else _number(value, scale)


def _number(value: int, scale: int) -> str:
    sign, digits = "-" if value < 0 else "", str(abs(value)).rjust(scale + 1, "0")
    return sign + (f"{digits[:-scale]}.{digits[-scale:]}" if scale > 0 else digits)
