"""Layouts of files that vendors publish, told by their column names, and what the vendor says about them.

Sources: Alpaca's "Historical bars" (docs.alpaca.markets) and the DataFrame of alpaca-py's `BarSet`; Polygon's (now
Massive's) "Flat Files, Stocks: Minute Aggregates" and "Custom Bars" (massive.com/docs); the notes below the tables of
Yahoo Finance's "Historical Data"; the documentation of yfinance's `history`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from periscope.market.importers.options import START


@dataclass(frozen=True, slots=True)
class Layout:
    """What a vendor's documentation says about its files.

    `stamp` is the end of the bar that times mark. `adjusted` says how the prices are adjusted, "" if they are not.
    """

    vendor: str
    columns: frozenset[str]
    stamp: str | None
    adjusted: str = ""


LAYOUTS = (
    Layout(
        "Polygon's flat files",
        frozenset({"ticker", "volume", "open", "close", "high", "low", "windowstart", "transactions"}),
        START,
    ),
    Layout(
        "alpaca-py",
        frozenset({"symbol", "timestamp", "open", "high", "low", "close", "volume", "tradecount", "vwap"}),
        START,
    ),
    Layout(
        "Yahoo Finance",
        frozenset({"date", "open", "high", "low", "close", "adjclose", "volume"}),
        None,
        "prices adjusted for splits, and a volume that fits them",
    ),
    Layout(
        "yfinance's history",
        frozenset({"date", "open", "high", "low", "close", "volume", "dividends", "stocksplits"}),
        None,
        "prices adjusted for splits and, unless it was told otherwise, for dividends",
    ),
)


def layout_of(plain_names: Sequence[str]) -> Layout | None:
    """The layout with exactly these columns; names are in small letters without punctuation."""
    names = frozenset(name for name in plain_names if name)
    return next((layout for layout in LAYOUTS if layout.columns == names), None)
