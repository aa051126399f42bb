"""The symbols of a case as our names: a case may call an equity by a ticker that it once had, or has by now.

LEAN takes a ticker for the equity that has it, or had it last (Common/Data/Auxiliary/MapFileResolver.cs), and tells of
an order by the ticker of its day.
"""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.instrument import Instrument
from periscope.instruments.master import InstrumentMaster
from tests.fidelity.cases import Case


def with_our_names(case: Case, instruments: InstrumentMaster) -> Case:
    """The case with the name of the instrument wherever it has one of its tickers; unknown ones stay as they are."""
    streams = tuple((_subscribed(symbol, kind, instruments), kind, span) for symbol, kind, span in case.streams)
    ours = dict(zip((symbol for symbol, *_ in case.streams), (symbol for symbol, *_ in streams), strict=True))
    trace = tuple(_ordered(order, ours, case.time_zone, instruments) for order in case.trace)
    return replace(case, streams=tuple(dict.fromkeys(streams)), trace=trace)


def _subscribed(symbol: str, kind: AssetType, instruments: InstrumentMaster) -> str:
    if kind is not AssetType.EQUITY or instruments.get(symbol, kind) is not None:
        return symbol
    users = [(_until(each, symbol), each.symbol) for each in instruments.all() if _had(each, symbol)]
    return max(users)[1] if users else symbol


def _had(instrument: Instrument, ticker: str) -> bool:
    return any(name.ticker == ticker for name in instrument.names)


def _until(instrument: Instrument, ticker: str) -> date:
    return max(name.last_day or date.max for name in instrument.names if name.ticker == ticker)


def _ordered(order: dict[str, Any], ours: dict[str, str], zone: str, instruments: InstrumentMaster) -> dict[str, Any]:
    """An order of the trace: its symbol is one of the case's own, or the ticker of its day, or else of another day."""
    text = str(order["symbol"])
    if text in ours:
        return order | {"symbol": ours[text]}
    day = datetime.fromisoformat(order["placed_at"]).astimezone(ZoneInfo(zone)).date()
    then = instruments.named(text, AssetType.EQUITY, day)
    found = [each.symbol for each in instruments.all() if _had(each, text) and each.symbol in ours.values()]
    if then is not None and then.symbol in found:
        return order | {"symbol": then.symbol}
    return order | {"symbol": found[0]} if len(found) == 1 else order
