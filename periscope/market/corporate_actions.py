"""What happened to an equity's shares: splits, cash dividends and tickers, as a catalog keeps them beside its bars.

They stand in `corporate_actions/EQUITY/<symbol>.json`, raw: nothing is applied to the bars that are stored. Two sources
write there: LEAN's factor and map files (`splits`, `dividends`, `tickers`, `factor_rows`), and tables of corporate
actions (`actions`). Where both tell of the same kind on the same day, the table counts.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

import msgspec

from periscope.instruments.instrument import TRADES_AS_EQUITY, Instrument
from periscope.instruments.sessions import SessionRangeError, UnknownExchangeError, sessions_for
from periscope.market.catalog_files import CatalogFiles
from periscope.market.errors import CatalogDamagedError

_FOLDER = "corporate_actions/EQUITY"
_MOST_TERM = 100
_CLOSENESS = Fraction(1, 50_000)


@dataclass(frozen=True, slots=True)
class Split:
    """From the open of `ex_date` on there are `ratio` shares where there was one: 7 for 7:1, 1/10 for 1:10."""

    ex_date: date
    ratio: Fraction
    source: str


@dataclass(frozen=True, slots=True)
class Dividend:
    """Whoever holds a share at the close before `ex_date` gets `amount` in cash; `close_before` is None if not told."""

    ex_date: date
    amount: Decimal
    source: str
    close_before: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CorporateActions:
    """An equity's splits and dividends by ex-date, and the lines of its LEAN factor file."""

    splits: tuple[Split, ...] = ()
    dividends: tuple[Dividend, ...] = ()
    factor_rows: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known."""
        return not (self.splits or self.dividends or self.factor_rows)


class ActionKind(StrEnum):
    """What a row of a table of corporate actions tells."""

    SPLIT = "split"
    DIVIDEND = "dividend"


class StoredAction(msgspec.Struct, frozen=True):
    """One row of a table of corporate actions: `value` is the ratio `new:old` of a split, the amount of a dividend."""

    ex_date: date
    kind: ActionKind
    value: str
    source: str


class StoredSplit(msgspec.Struct):
    """A split as LEAN's factors tell it: `factor` is old shares per new one, in force after a day."""

    last_day_before: date
    factor: str = "1"


class StoredDividend(msgspec.Struct):
    """A dividend as LEAN's factors tell it, paid after a day whose raw close was `close_before`."""

    last_day_before: date
    amount: str
    close_before: str | None = None


class Ticker(msgspec.Struct):
    """A ticker, valid up to and including a day."""

    last_day: date
    ticker: str


class StoredActions(msgspec.Struct):
    """The file of one equity."""

    source: str = ""
    splits: list[StoredSplit] = []
    dividends: list[StoredDividend] = []
    tickers: list[Ticker] = []
    factor_rows: list[str] = []
    actions: list[StoredAction] = []


def corporate_actions_name(symbol: str) -> str:
    """The file of a catalog in which the corporate actions of an equity are kept."""
    return f"{_FOLDER}/{symbol}.json"


def read_corporate_actions(files: CatalogFiles, symbol: str) -> StoredActions | None:
    """What a catalog keeps of an equity, None where it keeps nothing. Raises `CatalogDamagedError`."""
    name = corporate_actions_name(symbol)
    try:
        return _decoded(files, name, files.read(name))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(files, name, error) from None


def every_corporate_action(files: CatalogFiles) -> dict[str, StoredActions]:
    """What a catalog keeps of all equities, by symbol. Raises `CatalogDamagedError`."""
    try:
        kept = files.read_all(_FOLDER)
    except OSError as error:
        raise _damaged(files, _FOLDER, error) from None
    return {
        name.removeprefix(f"{_FOLDER}/").removesuffix(".json"): _decoded(files, name, content)
        for name, content in kept.items()
    }


def corporate_actions_of(files: CatalogFiles, instrument: Instrument) -> CorporateActions:
    """The corporate actions of an instrument, empty for one that has none. Raises `CatalogDamagedError`."""
    if instrument.asset_type not in TRADES_AS_EQUITY:
        return CorporateActions()
    kept = read_corporate_actions(files, instrument.symbol)
    if kept is None:
        return CorporateActions()
    try:
        return _read(kept, instrument.exchange)
    except (ValueError, ArithmeticError) as error:
        raise _damaged(files, corporate_actions_name(instrument.symbol), error) from None


def ratio_of(text: str) -> Fraction:
    """The ratio that `7:1`, `7/1`, `7` or `1.5` means: new shares for each old one. Raises ValueError."""
    new, _, old = text.replace("/", ":").partition(":")
    try:
        ratio = Fraction(new.strip()) / Fraction(old.strip() or "1")
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{text!r} is no ratio of shares; write new:old, like 7:1 or 1:10") from None
    if ratio <= 0 or max(ratio.numerator, ratio.denominator) > 1_000_000:
        raise ValueError(f"{text!r} is no ratio of shares: it must be above zero, its terms at most 1,000,000")
    return ratio


def _read(kept: StoredActions, exchange: str) -> CorporateActions:
    splits = {
        day: Split(day, _told_ratio(Fraction(row.factor)), kept.source)
        for row in kept.splits
        for day in [next_session(exchange, row.last_day_before)]
    }
    dividends = {
        day: Dividend(
            day, Decimal(row.amount), kept.source, None if row.close_before is None else Decimal(row.close_before)
        )
        for row in kept.dividends
        for day in [next_session(exchange, row.last_day_before)]
    }
    for action in kept.actions:
        if action.kind is ActionKind.SPLIT:
            splits[action.ex_date] = Split(action.ex_date, ratio_of(action.value), action.source)
        else:
            dividends[action.ex_date] = Dividend(action.ex_date, Decimal(action.value), action.source)
    return CorporateActions(
        tuple(splits[day] for day in sorted(splits)),
        tuple(dividends[day] for day in sorted(dividends)),
        tuple(kept.factor_rows),
    )


def _told_ratio(factor: Fraction) -> Fraction:
    """New shares per old one from a factor that was written with seven digits or so: 0.1428572 is 7:1.

    A ratio of two numbers up to 100 that is that near is taken for the split that was meant; else it is the factor's.
    """
    ratio = 1 / factor
    near = ratio.limit_denominator(_MOST_TERM) if ratio > 1 else 1 / factor.limit_denominator(_MOST_TERM)
    meant = max(near.numerator, near.denominator) <= _MOST_TERM and abs(near / ratio - 1) <= _CLOSENESS
    return near if meant else ratio


def next_session(exchange: str, day: date) -> date:
    """The trading day after a day; the next calendar day where the sessions are not known."""
    following = day + timedelta(days=1)
    try:
        sessions = sessions_for(exchange)
        return sessions.trading_day(sessions.day_bounds(following)[0])
    except (SessionRangeError, UnknownExchangeError):
        return following


def _decoded(files: CatalogFiles, name: str, content: bytes) -> StoredActions:
    try:
        return msgspec.json.decode(content, type=StoredActions)
    except msgspec.DecodeError as error:
        raise _damaged(files, name, error) from None


def _damaged(files: CatalogFiles, name: str, error: Exception) -> CatalogDamagedError:
    return CatalogDamagedError(f"{files.where}/{name} can't be read: {error}. Import the symbol again")


def add_corporate_actions(
    files: CatalogFiles, symbol: str, actions: list[StoredAction], *, replace: bool = False, only_check: bool = False
) -> tuple[int, int]:
    """Keep rows of a table of corporate actions; returns how many are new, and how many replaced another value.

    Adding the same rows again changes nothing. Where a row of the same kind and day has another value, ValueError says
    so and nothing is written, unless `replace` lets the new one win. `only_check` writes nothing either.
    """
    with files.writing():
        kept = read_corporate_actions(files, symbol) or StoredActions()
        known = {(action.ex_date, action.kind): action for action in kept.actions}
        new = changed = 0
        for action in actions:
            before = known.get((action.ex_date, action.kind))
            if before is not None and before.value != action.value and not replace:
                told = f"{symbol} has a {action.kind} of {before.value} on {action.ex_date}, not of {action.value}"
                raise ValueError(f"{told}; import it with --replace to let the new one count")
            if before is None:
                new += 1
            elif before.value == action.value:
                continue
            else:
                changed += 1
            known[action.ex_date, action.kind] = action
        if (new or changed) and not only_check:
            _save(files, symbol, [known[key] for key in sorted(known)])
    return new, changed


def _save(files: CatalogFiles, symbol: str, actions: list[StoredAction]) -> None:
    """Put the rows of tables in place of those in the file; whatever else stands there stays."""
    name = corporate_actions_name(symbol)
    try:
        document = msgspec.json.decode(files.read(name), type=dict[str, object])
    except FileNotFoundError:
        document = {"format": 1, "symbol": symbol, "asset_type": "EQUITY", "source": ""}
    document["actions"] = actions
    files.replace(name, msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
