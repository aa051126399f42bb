"""Fee schedules of brokers by name: `data/fee_schedules.toml`, which is meant to be read, made into fee models."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from importlib.resources import files
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from periscope.execution.fees import BasisPoints, Bounded, FeeModel, PerContract, PerShare, Traded
from periscope.instruments.instrument import Instrument
from periscope.portfolio.exact import ZERO

_NEW_YORK = ZoneInfo("America/New_York")
_OF_VALUE = Decimal(10_000)
"""A share of the value in basis points."""


@dataclass(frozen=True, slots=True)
class SellsOnly(FeeModel):
    """What a sell owes by another model; a buy owes nothing."""

    inner: FeeModel

    def owed(self, traded: Traded, /) -> Decimal:
        """What the inner model says of a sell."""
        return self.inner.owed(traded) if traded.sign < 0 else ZERO

    def most(self, instrument: Instrument, quantity: Decimal, value: Decimal, /) -> Decimal:
        """What a sell may owe."""
        return self.inner.most(instrument, quantity, value)

    def describe(self) -> str:
        """The inner model."""
        return f"{self.inner.describe()}, on sells"


@dataclass(frozen=True, slots=True)
class Dated(FeeModel):
    """Models that follow each other: each holds from its time on (microseconds UTC), the first one also before.

    The one that holds at a fill's time applies to all that its order has traded.
    """

    since: tuple[int, ...]
    models: tuple[FeeModel, ...]

    def owed(self, traded: Traded, /) -> Decimal:
        """What the model of that time says."""
        return self.models[max(0, bisect_right(self.since, traded.time) - 1)].owed(traded)

    def most(self, instrument: Instrument, quantity: Decimal, value: Decimal, /) -> Decimal:
        """By the dearest of the models."""
        return max(model.most(instrument, quantity, value) for model in self.models)

    def describe(self) -> str:
        """The latest model."""
        return f"{self.models[-1].describe()} (by date)"


@dataclass(frozen=True, slots=True)
class PartOf(FeeModel):
    """A share of what another model says."""

    whole: FeeModel
    rate: Decimal

    def owed(self, traded: Traded, /) -> Decimal:
        """What the other model says times the rate."""
        return self.whole.owed(traded) * self.rate

    def most(self, instrument: Instrument, quantity: Decimal, value: Decimal, /) -> Decimal:
        """The other model's times the rate."""
        return max(ZERO, self.whole.most(instrument, quantity, value) * self.rate)

    def describe(self) -> str:
        """The rate."""
        return f"{self.rate:f} of the commission"


@dataclass(frozen=True, slots=True)
class PerContractByRoot(FeeModel):
    """An amount for each contract, by the root of the future; what trades as an equity costs nothing."""

    rates: dict[str, Decimal]

    def owed(self, traded: Traded, /) -> Decimal:
        """Contracts times the root's rate; zero for a root without one (`covers` says so)."""
        root = traded.instrument.root
        return self.rates.get(root, ZERO) * traded.quantity if root is not None else ZERO

    def most(self, instrument: Instrument, quantity: Decimal, _value: Decimal, /) -> Decimal:
        """Contracts times the root's rate."""
        return ZERO if instrument.root is None else max(ZERO, self.rates.get(instrument.root, ZERO) * quantity)

    def describe(self) -> str:
        """That it depends."""
        return "by contract"

    def covers(self, instrument: Instrument, /) -> bool:
        """Whether the root is listed."""
        return not instrument.is_future or instrument.root in self.rates


@dataclass(frozen=True, slots=True)
class EquitiesOnly(FeeModel):
    """Another model for what trades as an equity; futures cost nothing."""

    inner: FeeModel

    def owed(self, traded: Traded, /) -> Decimal:
        """What the inner model says of shares."""
        return ZERO if traded.instrument.is_future else self.inner.owed(traded)

    def most(self, instrument: Instrument, quantity: Decimal, value: Decimal, /) -> Decimal:
        """The inner model's for shares."""
        return ZERO if instrument.is_future else self.inner.most(instrument, quantity, value)

    def describe(self) -> str:
        """The inner model."""
        return self.inner.describe()


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerFees(FeeModel):
    """A broker's schedule: named parts that all apply, with their source and what is left out."""

    name: str
    title: str
    source: str
    as_of: str
    left_out: str
    parts: tuple[tuple[str, FeeModel], ...]
    trades_futures: bool

    def owed(self, traded: Traded, /) -> Decimal:
        """The sum of what the parts say."""
        return sum((part.owed(traded) for _, part in self.parts), ZERO)

    def most(self, instrument: Instrument, quantity: Decimal, value: Decimal, /) -> Decimal:
        """The sum of what the parts say."""
        return sum((part.most(instrument, quantity, value) for _, part in self.parts), ZERO)

    def describe(self) -> str:
        """The schedule, and where its sources and dates are."""
        return f"{self.title} (docs/fee-schedules.md)"

    def covers(self, instrument: Instrument, /) -> bool:
        """Whether every part knows the instrument."""
        if instrument.is_future and not self.trades_futures:
            return False
        return all(part.covers(instrument) for _, part in self.parts)


class _Rate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    since: date | None = None
    per_share: Decimal | None = None
    per_contract: Decimal | None = None
    of_value: Decimal | None = None
    of_commission: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    maximum_of_value: Decimal | None = None


class _Part(_Rate, forbid_unknown_fields=True, kw_only=True):
    part: str
    shared: str | None = None


class _Shared(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    source: str
    on: Literal["both", "sell"] = "both"
    rates: list[_Rate] = []
    by_root: dict[str, str] = {}


class _Schedule(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    title: str
    source: str
    as_of: str
    left_out: str
    equity: list[_Part]
    future: list[_Part]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    schedule: list[_Schedule]
    shared: dict[str, _Shared]


def _model(rate: _Rate, commission: FeeModel | None) -> FeeModel:
    inner: FeeModel
    if rate.per_contract is not None:
        return PerContract(rate.per_contract)
    if rate.of_commission is not None:
        assert commission is not None, "the commission must be the first part"
        inner = PartOf(commission, rate.of_commission)
    elif rate.per_share is not None:
        inner = PerShare(rate.per_share)
    else:
        assert rate.of_value is not None
        inner = EquitiesOnly(BasisPoints(rate.of_value * _OF_VALUE))
    if rate.minimum is None and rate.maximum is None and rate.maximum_of_value is None:
        return inner
    share = None if rate.maximum_of_value is None else rate.maximum_of_value * _OF_VALUE
    return Bounded(inner=inner, minimum=rate.minimum, maximum=rate.maximum, maximum_basis_points=share)


def _shared_model(shared: _Shared) -> FeeModel:
    if shared.by_root:
        return PerContractByRoot(
            {root: Decimal(rate) for rate, roots in shared.by_root.items() for root in roots.split()}
        )
    days = [rate.since if rate.since is not None else date(1970, 1, 2) for rate in shared.rates]
    assert days == sorted(set(days)), "rates by date must be in order"
    starts = [int(datetime(day.year, day.month, day.day, tzinfo=_NEW_YORK).timestamp()) * 1_000_000 for day in days]
    model: FeeModel = Dated(tuple(starts), tuple(_model(rate, None) for rate in shared.rates))
    return SellsOnly(model) if shared.on == "sell" else model


def _schedule(row: _Schedule, shared: dict[str, FeeModel]) -> BrokerFees:
    parts: list[tuple[str, FeeModel]] = []
    for part in [*row.equity, *row.future]:
        commission = parts[0][1] if parts else None
        parts.append((part.part, shared[part.shared] if part.shared is not None else _model(part, commission)))
    return BrokerFees(
        name=row.name,
        title=row.title,
        source=row.source,
        as_of=row.as_of,
        left_out=row.left_out,
        parts=tuple(parts),
        trades_futures=bool(row.future),
    )


def read_schedules() -> tuple[dict[str, BrokerFees], dict[str, str]]:
    """All schedules by name, and where what they share comes from."""
    content = (files("periscope.execution") / "data" / "fee_schedules.toml").read_bytes()
    table = msgspec.toml.decode(content, type=_File)
    shared = {name: _shared_model(each) for name, each in table.shared.items()}
    schedules = {row.name: _schedule(row, shared) for row in table.schedule}
    return schedules, {name: each.source for name, each in table.shared.items()}


FEE_SCHEDULES, SHARED_SOURCES = read_schedules()
"""Schedules by name, and the sources of the rates that several of them share."""
