"""A second calculation of a case from LEAN's published rules: one loop over the steps, nothing of Periscope in it.

It knows US equities and ES contracts. The rules are those of the text beside the published cases; margin calls and
orders of which a split leaves nothing are left out, and a case that comes to either says so by `UnsupportedError`.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path
from typing import Any

from tests.fidelity.naive.book import MULTIPLIER, Order, Security
from tests.fidelity.naive.data import NEW_YORK, SPANS, Factors, Margins, Prices, Row, Sessions, at, day_of, rows
from tests.fidelity.naive.fills import PRICES

_BUFFER = timedelta(minutes=15, seconds=30)
_TICKS = {"equity": Decimal("0.01"), "future": Decimal("0.25")}


class UnsupportedError(Exception):
    """A case outside of what is calculated here."""


class Run:
    """One case. `orders` and `figures` are what it comes to."""

    def __init__(self, case: dict[str, Any], data: Path, settings: dict[str, Decimal] | None = None) -> None:
        settings = settings or {}
        self.stale = timedelta(seconds=float(settings.get("stale_seconds", 3600)))
        buffer = settings.get("close_buffer_seconds")
        self.buffer = _BUFFER if buffer is None else timedelta(seconds=float(buffer))
        self.leverage = settings.get("leverage", Decimal(2))
        self.start, self.end = (datetime.fromisoformat(case[name]).astimezone(UTC) for name in ("start", "end"))
        self.window = (day_of(self.start), day_of(self.end))
        self.extended, self.raw = bool(case.get("extended_hours")), case.get("price_mode") == "raw"
        self.initial = self.cash = Decimal(case["cash"])
        self.case, self.data = case, data
        self.securities: dict[str, Security] = {}
        self.bars: dict[datetime, list[tuple[Security, Row]]] = {}
        self.orders: list[Order] = []
        self.refused: list[dict[str, Any]] = []
        self.curve: list[Decimal] = []

    def add(self, symbol: str, kind: str, resolution: str, expiry: date | None = None) -> None:
        """Read a symbol's files: ES201312 for a contract, the ticker for an equity."""
        root = self.data / "lean"
        sessions = Sessions(root, kind)
        security = Security(symbol, kind, resolution, sessions, self.raw or kind == "future", expiry)
        if kind == "future":
            security.margins = Margins(root / "future/cme/margins/ES.csv")
            folder, name, month = root / "future" / "cme" / resolution, "es", symbol[-6:]
        else:
            folder, name, month = root / "equity" / "usa" / resolution, symbol.lower(), ""
            security.factors = Factors(root / f"equity/usa/factor_files/{name}.csv")
        contents = ["trade"] if kind == "equity" and resolution in ("hour", "daily") else ["quote", "trade"]
        for content in contents:
            for path in self._paths(folder, name, resolution, content, kind):
                self._read(security, path, (kind, resolution, content), month)
        self.securities[symbol] = security

    def _paths(self, folder: Path, name: str, resolution: str, content: str, kind: str) -> list[Path]:
        if resolution in ("hour", "daily"):
            return [folder / (f"{name}_{content}.zip" if kind == "future" else f"{name}.zip")]
        listed = {Path(path).name for path in self.case.get("data_files", []) if f"/{name}/" in path}
        found = sorted((folder / name).glob(f"*_{content}.zip"))
        first, last = (day.strftime("%Y%m%d") for day in (self.window[0], self.window[1] + timedelta(1)))
        return [path for path in found if first <= path.name[:8] <= last and (not listed or path.name in listed)]

    def _read(self, security: Security, path: Path, name: tuple[str, str, str], month: str) -> None:
        for row in rows(path, name, security.sessions, month, self.window):
            adjusted = row
            if not security.raw:
                assert security.factors is not None
                factor = security.factors.of(day_of(row.start))
                sides = [s and tuple(p * factor for p in s) for s in (row.trade, row.bid, row.ask)]
                adjusted = Row(row.start, row.end, *sides)  # type: ignore[arg-type]
            if security.sessions.overlaps(row, extended=self.extended) and row.end <= self.end:
                self.bars.setdefault(row.end, []).append((security, adjusted))

    def steps(self) -> list[datetime]:
        """All instants at which something happens: bars, their repeats, midnights, and the orders' own times."""
        found = set(self.bars)
        for security in self.securities.values():
            first = min((end for end, bars in self.bars.items() if any(s is security for s, _ in bars)), default=None)
            if first is not None:
                found |= {moment for moment in self._repeats(security) if first < moment <= self.end}
        day = self.window[0]
        self.midnights = set()
        while day <= self.window[1]:
            self.midnights.add(at(day, time(0)))
            day += timedelta(1)
        self.ticks = found
        return sorted(found | self.midnights | set(self.placed))

    def _repeats(self, security: Security) -> set[datetime]:
        found, day = set(), self.window[0]
        while day <= self.window[1]:
            regular = security.sessions.regular(day)
            if security.resolution == "daily":
                found |= set() if regular is None else {regular[1]}
            else:
                span = SPANS[security.resolution]
                for start, end in security.sessions.parts(day, extended=self.extended):
                    moment = start + span - timedelta(seconds=start.timestamp() % span.total_seconds())
                    while moment <= end:
                        found.add(moment)
                        moment += span
            day += timedelta(1)
        return found

    def value(self) -> Decimal:
        return self.cash + sum((security.value() for security in self.securities.values()), Decimal(0))

    def run(self) -> dict[str, str]:
        """All steps; returns the five figures."""
        with localcontext(prec=50):
            self.placed: dict[datetime, list[dict[str, Any]]] = {}
            for order in self.case["order_trace"]:
                if order.get("tag") != "delist":
                    moment = datetime.fromisoformat(order["placed_at"]).astimezone(UTC)
                    self.placed.setdefault(moment, []).append(order)
            minutes = (self.end - self.start).total_seconds() / 60
            pause = timedelta(minutes=minutes / 4000 if minutes > 16000 else 4)
            sampled = None
            for now in self.steps():
                if now in self.midnights:
                    self.sample()
                    self._midnight(now)
                for security, row in self.bars.get(now, []):
                    security.update(row)
                if now in self.ticks:
                    self.scan(now)
                for given in self.placed.get(now, []):
                    self.place(given, now)
                if now in self.ticks:
                    self.scan(now)
                self._no_call()
                if now in self.ticks and (sampled is None or now - sampled > pause):
                    self.sample()
                    sampled = now
            self.sample()
            return self._figures()

    def _no_call(self) -> None:
        held = self._held()
        if held and sum(each.margin(each.quantity, self.leverage)[1] for each in held) > self.value():
            raise UnsupportedError("a margin call")

    def sample(self) -> None:
        self.curve.append(self.value().quantize(Decimal("0.0001"), ROUND_HALF_EVEN))

    def _figures(self) -> dict[str, str]:
        value = self.value().quantize(Decimal("0.0001"), ROUND_HALF_EVEN)
        short = (self.window[1] - self.window[0]).days + 1 < 3
        peak, worst = self.curve[0], Decimal(0)
        for each in self.curve:
            peak = max(peak, each)
            worst = max(worst, 1 - each / peak)
        net = Decimal(0) if short else round((value / self.initial - 1) * 100, 3)
        fees = sum((order.fee for order in self.orders if order.fee is not None), Decimal(0))
        return {
            "total_orders": str(len(self.orders)),
            "end_equity": str(value.quantize(Decimal("0.01"), ROUND_HALF_EVEN)),
            "net_profit_pct": str(net),
            "total_fees": str(fees.quantize(Decimal("0.01"), ROUND_HALF_UP)),
            "drawdown_pct": str(Decimal(0) if short else round(worst, 3) * 100),
        }

    def _midnight(self, now: datetime) -> None:
        day = day_of(now)
        for security in self.securities.values():
            if security.expiry is not None and day > security.expiry:
                self._expire(security, now)
            if security.factors is None or not security.raw:
                continue
            paid, split = security.factors.events(security.sessions).get(day, (Decimal(0), Decimal(1)))
            self.cash += security.quantity * paid
            if split != 1:
                self._split(security, split)

    def _split(self, security: Security, factor: Decimal) -> None:
        for order in self.orders:
            if order.security is security and order.status == "submitted":
                self._split_order(order, factor)
        if security.price is not None:
            security.price *= factor
        exact = security.quantity / factor
        security.quantity = Decimal(int(exact))
        security.average *= factor
        if security.price is not None:
            self.cash += (exact - security.quantity) * security.price
        for row in ("trade", "quote"):
            old = getattr(security, row)
            if old is not None:
                sides = [s and tuple(p * factor for p in s) for s in (old.trade, old.bid, old.ask)]
                setattr(security, row, Row(old.start, old.end, *sides))

    def _split_order(self, order: Order, factor: Decimal) -> None:
        """A resting order's quantity in whole new shares, and its prices at the tick."""
        order.signed = Decimal(int(order.signed / factor))
        tick = _TICKS[order.security.kind]
        order.limit, order.stop = (
            None if price is None else round(price * factor / tick) * tick for price in (order.limit, order.stop)
        )
        if order.signed == 0 or not all(price is None or price > 0 for price in (order.limit, order.stop)):
            raise UnsupportedError("an order of which a split leaves nothing")

    def _expire(self, security: Security, now: datetime) -> None:
        for order in self.orders:
            if order.security is security and order.status == "submitted":
                order.status = "canceled"
        if security.quantity:
            given = {"symbol": security.symbol, "tag": "delist"}
            order = Order(len(self.orders), security, "MARKET", -security.quantity, None, None, "GTC", now, given)
            self.orders.append(order)
            assert security.price is not None
            self.fill(order, security.price, now, fee=Decimal(0))
        security.expiry, security.gone = None, True

    def place(self, given: dict[str, Any], now: datetime) -> None:
        """Take an order, or refuse it; a market order fills at once where it can."""
        security = self.securities[given["symbol"]]
        number = {name: None if given[name] is None else Decimal(str(given[name])) for name in ("limit", "stop")}
        if security.raw:
            tick = _TICKS[security.kind]
            number = {n: p if p is None else round(p / tick) * tick for n, p in number.items()}
        signed = Decimal(str(given["quantity"])) * (1 if given["side"] == "BUY" else -1)
        kind = self._kind(security, str(given["type"]).replace("STOP_MARKET", "STOP"), now)
        order = Order(
            len(self.orders), security, kind, signed, number["limit"], number["stop"], given["tif"], now, given
        )
        late = kind == "MARKET_ON_CLOSE" and security.sessions.next_close(now) - now < self.buffer
        if security.gone or security.price is None or late or (security.future and kind.startswith("MARKET_ON")):
            self.refused.append(given)
            return
        self.orders.append(order)
        if not self.sufficient(order):
            order.status = "invalid"
        elif kind == "MARKET":
            self.market(order, now)

    def _kind(self, security: Security, kind: str, now: datetime) -> str:
        if kind != "MARKET" or security.future:
            return kind
        if not security.sessions.is_open(now, extended=False):
            return "MARKET_ON_OPEN"
        if security.resolution == "daily":
            late = security.sessions.next_close(now) - now < self.buffer
            return "MARKET_ON_OPEN" if late else "MARKET_ON_CLOSE"
        return kind

    def sufficient(self, order: Order) -> bool:
        """The margin check."""
        security = order.security
        held = security.quantity
        if held * order.signed < 0 and abs(held) >= abs(order.signed):
            return True
        used = sum((each.margin(each.quantity, self.leverage)[1] for each in self._held()), Decimal(0))
        free = self.value() - used
        if held * order.signed < 0:
            free += sum(security.margin(held, self.leverage))
        needed = security.margin(order.signed, self.leverage)[0] + self.order_fee(order)
        return needed <= max(free, Decimal(0))

    def _held(self) -> list[Security]:
        return [security for security in self.securities.values() if security.quantity]

    def order_fee(self, order: Order) -> Decimal:
        price = order.security.price
        assert price is not None
        choose = min if order.signed > 0 else max
        for bound in (order.limit, order.stop if order.type == "STOP" else None):
            price = price if bound is None else choose(price, bound)
        return order.security.fee(order.signed, price)

    def scan(self, now: datetime) -> None:
        """The resting orders in the order of their numbers."""
        for order in self.orders:
            security = order.security
            if order.status != "submitted" or order.time >= now or security.last is None:
                continue
            if order.type == "MARKET_ON_OPEN" and order.time >= security.last.end:
                continue
            if self._expired(order, now):
                order.status = "canceled"
            elif not self.sufficient(order):
                order.status = "invalid"
            elif order.type == "MARKET":
                self.market(order, now)
            else:
                price = PRICES[order.type](order, now, extended=self.extended)
                if price is not None:
                    self.fill(order, price, now)

    def _expired(self, order: Order, now: datetime) -> bool:
        sessions = order.security.sessions
        if order.tif == "DAY":
            return now >= sessions.next_close(order.time)
        if order.tif.startswith("GTD:"):
            return now >= sessions.next_close(at(date.fromisoformat(order.tif[4:]), time(0)))
        return False

    def fill(self, order: Order, price: Decimal, now: datetime, fee: Decimal | None = None) -> None:
        """Book a fill."""
        security = order.security
        order.fee = self.order_fee(order) if fee is None else fee
        order.status, order.filled_at, order.price = "filled", now, price
        self.cash -= order.fee
        held, signed = security.quantity, order.signed
        security.quantity = held + signed
        if not security.future:
            self.cash -= signed * price
            return
        if held * signed < 0:
            closed = min(abs(held), abs(signed)) * (1 if held > 0 else -1)
            self.cash += (price - security.average) * MULTIPLIER * closed
        if held * signed >= 0:
            security.average = (held * security.average + signed * price) / (held + signed)
        elif abs(signed) > abs(held):
            security.average = price

    def market(self, order: Order, now: datetime) -> None:
        """A market order, at once or as soon as there is a price that is not too old."""
        security = order.security
        if not security.open_now(now, extended=security.future):
            return
        side = "ask" if order.signed > 0 else "bid"
        newest = security.last
        if security.future or security.resolution in ("second", "minute"):
            newest = max(filter(None, (security.quote, security.trade)), key=lambda row: row.end, default=None)
        assert newest is not None
        if newest.end < order.time - self.stale and self._waits(security, newest, now):
            return
        quote, place = security.quote, 3
        if security.future and security.resolution in ("hour", "daily") and now > order.time:
            place = 0 if order.time <= newest.start else 3
        usable = quote is not None and getattr(quote, side) is not None
        if usable and not security.future and quote.end < order.time - timedelta(hours=1):  # type: ignore[union-attr]
            usable = False
        traded = None if security.trade is None else security.trade.trade
        row: Prices | None = getattr(quote, side) if usable else traded
        assert row is not None
        self.fill(order, row[place], now)

    def _waits(self, security: Security, newest: Row, now: datetime) -> bool:
        span = SPANS.get(security.resolution)
        return security.resolution in ("hour", "daily") or span is None or now - newest.end > span

    def trace(self) -> list[dict[str, Any]]:
        """The orders as a trace has them."""
        return [
            {
                "n": number,
                "placed_at": order.time.astimezone(NEW_YORK).isoformat(),
                "symbol": order.security.symbol,
                "type": order.type,
                "side": "BUY" if order.signed > 0 else "SELL",
                **order.asked,
                "tif": order.tif,
                "status": order.status,
                "filled_at": None if order.filled_at is None else order.filled_at.astimezone(NEW_YORK).isoformat(),
                "fill_price": None if order.price is None else str(order.price),
                "fee": None if order.fee is None else str(order.fee),
                "tag": order.given.get("tag"),
            }
            for number, order in enumerate(self.orders, 1)
        ]
