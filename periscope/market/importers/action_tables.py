"""Tables of corporate actions: CSV or JSON files with a row for each split, dividend, ticker change or delisting.

Columns, in any order: `symbol`, `ex_date` (2014-06-09), `kind`, and the one that the kind needs: `ratio` of a `split`
(new:old, 7:1), `amount` of a cash `dividend` (for each share, in the share's currency), `ticker` of a `ticker` change
(the new one, from that day on); a `delisting` needs none, its date is the last day on which the share trades. A JSON
file is a list of objects with these keys. Nothing is stored unless every row is understood.
"""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.instrument import TRADES_AS_EQUITY, FactSource, Instrument, TickerPeriod
from periscope.instruments.sessions import SessionRangeError, UnknownExchangeError, sessions_for
from periscope.market.catalog import Catalog
from periscope.market.corporate_actions import ActionKind, StoredAction, add_corporate_actions, ratio_of
from periscope.market.importers.findings import ImportProblem

COLUMNS = ("symbol", "ex_date", "kind", "ratio", "amount", "ticker")
VALUE_OF = {"split": "ratio", "dividend": "amount", "ticker": "ticker", "delisting": None}
_MOST_BYTES = 64 << 20
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One row that was understood: `value` is a ratio, an amount or a ticker, empty for a delisting."""

    line: int
    instrument: Instrument
    ex_date: date
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class ActionsImported:
    """What an import of corporate actions did."""

    rows: int
    added: int
    replaced: int
    symbols: tuple[str, ...]


def import_actions(path: Path, catalog: Catalog, *, replace_known: bool = False) -> ActionsImported:
    """Keep the corporate actions of a file beside the catalog. Raises `ImportProblem`; then nothing was stored."""
    rows, problems = [], []
    for line, cells in _cells(path):
        try:
            rows.append(_row(line, cells, catalog))
        except ValueError as error:
            problems.append(f"{path}:{line}: {error}")
    if problems:
        more = f" and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise ImportProblem("UNUSABLE_ROWS", f"nothing was stored: {'; '.join(problems[:_SHOWN])}{more}")
    if not rows:
        raise ImportProblem("NO_ROWS", f"{path} has no rows")
    return _store(path, catalog, rows, replace_known=replace_known)


def _store(path: Path, catalog: Catalog, rows: list[ActionRow], *, replace_known: bool) -> ActionsImported:
    added = replaced = 0
    symbols = sorted({row.instrument.symbol for row in rows})
    source = path.name
    for dry in (True, False):
        for symbol in symbols:
            mine = [row for row in rows if row.instrument.symbol == symbol]
            stored = [
                StoredAction(row.ex_date, ActionKind(row.kind), row.value, source)
                for row in mine
                if row.kind in tuple(ActionKind)
            ]
            try:
                new, changed = add_corporate_actions(
                    catalog.files, symbol, stored, replace=replace_known, only_check=dry
                )
            except ValueError as error:
                raise ImportProblem("CONFLICT", f"nothing was stored: {error}") from None
            if not dry:
                more = _change_instrument(catalog, mine, source)
                added, replaced = added + new + more, replaced + changed
    return ActionsImported(len(rows), added, replaced, tuple(symbols))


def _change_instrument(catalog: Catalog, rows: list[ActionRow], source: str) -> int:
    """Tickers and a last day belong to the instrument itself; returns how many of its facts changed."""
    changed = 0
    for row in sorted(rows, key=lambda row: row.ex_date):
        known = catalog.instruments.get(*row.instrument.key)
        assert known is not None
        after = known
        if row.kind == "ticker":
            after = _renamed(known, row, source)
        elif row.kind == "delisting":
            after = _delisted(known, row.ex_date, source)
        if after != known:
            catalog.add_instruments([after])
            changed += 1
    return changed


def _renamed(instrument: Instrument, row: ActionRow, source: str) -> Instrument:
    names = instrument.names or (
        TickerPeriod(ticker=instrument.symbol, first_day=None, last_day=None, source=instrument.source),
    )
    if any(name.ticker == row.value and name.first_day == row.ex_date for name in names):
        return instrument
    before = [name for name in names if name.first_day is None or name.first_day < row.ex_date]
    ends = replace(before[-1], last_day=row.ex_date - timedelta(days=1))
    added = TickerPeriod(ticker=row.value, first_day=row.ex_date, last_day=before[-1].last_day, source=source)
    later = [name for name in names if name not in before]
    if later:
        added = replace(added, last_day=(later[0].first_day or row.ex_date) - timedelta(days=1))
    return replace(instrument, names=(*before[:-1], ends, added, *later))


def _delisted(instrument: Instrument, day: date, source: str) -> Instrument:
    session = sessions_for(instrument.exchange).session_of_day(day)
    assert session is not None, "rows are checked before"
    others = tuple(fact for fact in instrument.fact_sources if fact.fact != "expires_at")
    facts = (*others, FactSource("expires_at", source))
    return replace(instrument, expires_at=session.close, valid_until=day, fact_sources=facts)


def _row(line: int, cells: dict[str, Any], catalog: Catalog) -> ActionRow:
    found = {name: str(cells.get(name) or "").strip() for name in COLUMNS}
    instrument = _instrument(found["symbol"].upper(), catalog)
    kind = found["kind"].lower()
    if kind not in VALUE_OF:
        raise ValueError(f"kind is {found['kind']!r}; it must be one of {', '.join(VALUE_OF)}")
    try:
        day = date.fromisoformat(found["ex_date"])
    except ValueError:
        raise ValueError(f"ex_date is {found['ex_date']!r}; write it like 2014-06-09") from None
    needed = VALUE_OF[kind]
    value = found[needed] if needed is not None else ""
    if needed is not None and not value:
        raise ValueError(f"a {kind} needs {needed}")
    for other in ("ratio", "amount", "ticker"):
        if other != needed and found[other]:
            raise ValueError(f"a {kind} takes no {other}, found {found[other]!r}")
    return ActionRow(line, instrument, day, kind, _checked(kind, value, instrument, day))


def _checked(kind: str, value: str, instrument: Instrument, day: date) -> str:
    """The value as it is stored. Raises ValueError."""
    if kind in {"split", "dividend"}:
        _check_ex_date(instrument, day)
    match kind:
        case "split":
            ratio = ratio_of(value)
            if ratio == 1:
                raise ValueError(f"a split of {value} changes nothing")
            return f"{ratio.numerator}:{ratio.denominator}"
        case "dividend":
            return _amount(value)
        case "ticker":
            return value.upper()
    try:
        session = sessions_for(instrument.exchange).session_of_day(day)
    except (UnknownExchangeError, SessionRangeError) as error:
        raise ValueError(str(error)) from None
    if session is None:
        raise ValueError(f"{day} is no trading day of {instrument.exchange}: give the last day on which it traded")
    return ""


def _check_ex_date(instrument: Instrument, day: date) -> None:
    """Raises ValueError where the exchange is known to be closed on the day."""
    try:
        closed = sessions_for(instrument.exchange).session_of_day(day) is None
    except (UnknownExchangeError, SessionRangeError):
        return
    if closed:
        where = instrument.exchange
        raise ValueError(f"{day} is no trading day of {where}: give the ex-date, the first day on which it trades so")


def _amount(text: str) -> str:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0 or len(amount.as_tuple().digits) > 18:
        raise ValueError(f"amount is {text!r}; it must be a number above zero, cash for each share")
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and not -12 <= exponent <= 6:
        raise ValueError(f"amount is {text!r}; at most twelve decimals are kept")
    return f"{amount:f}"


def _instrument(symbol: str, catalog: Catalog) -> Instrument:
    if not symbol:
        raise ValueError("symbol is missing")
    found = [each for each in catalog.instruments.all() if each.symbol == symbol]
    shares = [each for each in found if each.asset_type in TRADES_AS_EQUITY]
    if not shares:
        raise ValueError(catalog.instruments.explain_unknown(symbol, AssetType.EQUITY))
    return shares[0]


def _cells(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line (of a JSON file: number of the object) and cells of each row."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ImportProblem("NOT_READABLE", f"{path} can't be read: {error}") from None
    if len(content) > _MOST_BYTES:
        raise ImportProblem("TOO_LARGE", f"{path} is larger than {_MOST_BYTES:,} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportProblem("NOT_TEXT", f"{path} is no UTF-8 text: {error}") from None
    return _json_cells(path, text) if text.lstrip().startswith(("[", "{")) else _csv_cells(path, text)


def _json_cells(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        rows = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise ImportProblem("NOT_JSON", f"{path} is no valid JSON: {error}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ImportProblem("NOT_JSON", f"{path}: expected a list of objects with the keys {', '.join(COLUMNS)}")
    for number, row in enumerate(rows, 1):
        unknown = sorted(set(row) - set(COLUMNS))
        if unknown:
            raise ImportProblem("UNKNOWN_COLUMN", f"{path}:{number}: {unknown[0]!r} is none of {', '.join(COLUMNS)}")
        yield number, row


def _csv_cells(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        head = [name.strip().lower() for name in next(reader, [])]
        unknown = [name for name in head if name not in COLUMNS]
        if unknown or len(set(head)) < len(head) or not {"symbol", "ex_date", "kind"} <= set(head):
            told = f"{path}:1: the header is {','.join(head)!r}; expected symbol, ex_date, kind and of ratio, amount, "
            raise ImportProblem("UNKNOWN_COLUMN", told + "ticker those that the rows need, each once")
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(head):
                text_of = f"{len(cells)} fields, expected {len(head)}"
                raise ImportProblem("UNUSABLE_ROWS", f"{path}:{reader.line_num}: {text_of}; nothing was stored")
            yield reader.line_num, dict(zip(head, cells, strict=True))
    except csv.Error as error:
        raise ImportProblem("UNUSABLE_ROWS", f"{path}:{reader.line_num}: {error}; nothing was stored") from None
