"""LEAN's files, read in the plainest way: bars with their ends, sessions, factors and margins. Nothing of Periscope."""

import csv
import io
import json
import zipfile
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
SPANS = {"second": timedelta(seconds=1), "minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
type Prices = tuple[Decimal, Decimal, Decimal, Decimal]
_CLOSES = {"equity": time(16), "future": time(17)}


@dataclass(frozen=True, slots=True)
class Row:
    """What one row of a file says: a trade bar, or the bid and the ask of a quote bar."""

    start: datetime
    end: datetime
    trade: Prices | None = None
    bid: Prices | None = None
    ask: Prices | None = None


def at(day: date, moment: time) -> datetime:
    """A New York time as an instant."""
    return datetime.combine(day, moment, NEW_YORK).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """The New York date of an instant."""
    return moment.astimezone(NEW_YORK).date()


class Sessions:
    """The regular and the extended hours of one exchange; of ES only the days on which the hours are the usual ones."""

    def __init__(self, data: Path, kind: str) -> None:
        entries = json.loads((data / "market-hours" / "market-hours-database.json").read_text("utf-8"))["entries"]
        entry = entries["Equity-usa-[*]" if kind == "equity" else "Future-cme-ES"]
        self._kind = kind
        self._holidays = {_american(text) for text in entry.get("holidays", [])}
        early = {_american(text): time.fromisoformat(value) for text, value in entry.get("earlyCloses", {}).items()}
        self._early = early

    @cache  # noqa: B019 - as many objects as there are kinds of symbols
    def regular(self, day: date) -> tuple[datetime, datetime] | None:
        """Open and close of a day, None where it has none."""
        if day.weekday() > 4 or day in self._holidays:
            return None
        return at(day, time(9, 30)), at(day, self._early.get(day, _CLOSES[self._kind]))

    def extended(self, day: date) -> list[tuple[datetime, datetime]]:
        """All that is open of a calendar day, regular hours included."""
        if self._kind == "equity":
            return [] if self.regular(day) is None else [(at(day, time(4)), at(day, time(20)))]
        midnight, evening = at(day, time(0)), (at(day, time(18)), at(day + timedelta(1), time(0)))
        whole = [] if self.regular(day) is None else [(midnight, self.regular(day)[1])]  # type: ignore[index]
        return whole + ([] if day.weekday() in (4, 5) else [evening])

    def parts(self, day: date, *, extended: bool) -> list[tuple[datetime, datetime]]:
        """What is open of a day."""
        regular = self.regular(day)
        return self.extended(day) if extended else ([] if regular is None else [regular])

    def is_open(self, moment: datetime, *, extended: bool) -> bool:
        """Whether an instant lies in a session: the opening does, the close does not."""
        return any(start <= moment < end for start, end in self.parts(day_of(moment), extended=extended))

    def overlaps(self, row: Row, *, extended: bool) -> bool:
        """Whether a bar shares time with a session."""
        days = {day_of(row.start), day_of(row.end)}
        return any(
            row.start < end and start < row.end for day in days for start, end in self.parts(day, extended=extended)
        )

    def next_close(self, moment: datetime) -> datetime:
        """The first regular close after an instant."""
        day = day_of(moment)
        while True:
            regular = self.regular(day)
            if regular is not None and regular[1] > moment:
                return regular[1]
            day += timedelta(1)

    def next_day(self, day: date) -> date:
        """The session after a day."""
        while True:
            day += timedelta(1)
            if self.regular(day) is not None:
                return day


def _american(text: str) -> date:
    month, day, year = map(int, text.split("/"))
    return date(year, month, day)


def _lines(path: Path, ending: str = "") -> Iterator[list[str]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(ending):
                yield from csv.reader(io.TextIOWrapper(archive.open(name), "utf-8"))


def _prices(texts: list[str], factor: Decimal) -> Prices | None:
    return tuple(Decimal(text) * factor for text in texts) if all(texts) else None  # type: ignore[return-value]


def rows(
    path: Path, name: tuple[str, str, str], sessions: Sessions, month: str, window: tuple[date, date]
) -> list[Row]:
    """The rows of a file whose days lie in the window. `name` is kind, resolution, and trade or quote."""
    kind, resolution, content = name
    zone = NEW_YORK if kind == "equity" else UTC
    factor = Decimal("0.0001") if kind == "equity" else Decimal(1)
    found = []
    last_bid = last_ask = None
    for line in _lines(path, f"_{month}.csv" if month else ""):
        if resolution in ("second", "minute"):
            midnight = datetime.strptime(path.name[:8], "%Y%m%d").replace(tzinfo=zone).astimezone(UTC)
            start = midnight + timedelta(milliseconds=int(line[0]))
        else:
            start = datetime.strptime(line[0], "%Y%m%d %H:%M").replace(tzinfo=zone)
        if resolution == "daily":
            day = start.date()
            regular = sessions.regular(day)
            if regular is None or not window[0] <= day <= window[1]:
                continue
            start, end = regular
        else:
            start = start.astimezone(UTC)
            end = start + SPANS[resolution]
            if not window[0] <= day_of(start) <= window[1]:
                continue
        if content == "trade":
            found.append(Row(start, end, trade=_prices(line[1:5], factor)))
        else:
            last_bid = _prices(line[1:5], factor) or last_bid
            last_ask = _prices(line[6:10], factor) or last_ask
            found.append(Row(start, end, bid=last_bid, ask=last_ask))
    return found


class Factors:
    """A factor file."""

    def __init__(self, path: Path) -> None:
        with path.open(encoding="utf-8") as file:
            read = [line for line in csv.reader(file) if line]
        self.days = [date.fromisoformat(line[0]) for line in read]
        self.values = [(Decimal(line[1]), Decimal(line[2]), Decimal(line[3])) for line in read]

    def of(self, day: date) -> Decimal:
        """What a price of that day is multiplied by."""
        price, split, _ = self.values[bisect_left(self.days, day)]
        return price * split

    def events(self, sessions: Sessions) -> dict[date, tuple[Decimal, Decimal]]:
        """By the session on whose midnight they happen: the dividend per share, and the factor of the split."""
        found = {}
        for place, day in enumerate(self.days[:-1]):
            (price, split, reference), (next_price, next_split, _) = self.values[place : place + 2]
            paid = round(reference - reference * price / next_price, 2) if price != next_price else Decimal(0)
            if paid or split != next_split:
                found[sessions.next_day(day)] = (paid, split / next_split)
        return found


class Margins:
    """A file of initial and maintenance margins by the date from which they hold."""

    def __init__(self, path: Path) -> None:
        with path.open(encoding="utf-8") as file:
            read = list(csv.reader(line for line in file if line[:1].isdigit()))
        self._days = [date.fromisoformat(line[0]) for line in read]
        self._values = [(Decimal(line[1]), Decimal(line[2])) for line in read]

    def of(self, day: date) -> tuple[Decimal, Decimal]:
        """Initial and maintenance margin of a contract."""
        return self._values[max(0, bisect_right(self._days, day) - 1)]
