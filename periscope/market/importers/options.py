"""What the user tells an import beside the file; None where the file, the catalog or a default decides."""

from dataclasses import dataclass
from decimal import Decimal

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan

START = "start"
END = "end"
BARS = "bars"
QUOTES = "quotes"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """Facts about the bars of a CSV or Parquet file that only the user may know.

    `stamp` is "start" or "end": which end of the bar the file's time is. `tz` is the time zone of stamps that carry
    none, `date_format` a strptime format for stamps of a form that can't be told. `decimal` is the mark before a
    number's decimals, "." or ",". `kind` is BARS or QUOTES, for files whose columns hold both. Tick, multiplier and
    currency are the instrument's.
    """

    symbol: str | None = None
    asset_type: AssetType | None = None
    span: BarTimeSpan | None = None
    exchange: str | None = None
    stamp: str | None = None
    tz: str | None = None
    tick: Decimal | None = None
    multiplier: Decimal | None = None
    currency: str | None = None
    date_format: str | None = None
    decimal: str | None = None
    kind: str | None = None
    skip_bad_rows: bool = False
    replace: bool = False


DEFAULTS = ImportOptions()
