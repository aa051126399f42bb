"""Everything about a run's behaviour that the engine must be told, as values it can use directly."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.execution.accounts.choosing import (
    AccountName,
    InterestRates,
    MarginCallPolicy,
    MarginRates,
    account_model,
)
from periscope.execution.accounts.model import Account
from periscope.execution.admission import PriceRounding
from periscope.execution.fees import FeeModel, NoFees
from periscope.execution.fill_models.choosing import FillModelName
from periscope.execution.fill_models.lean import LeanFillRules
from periscope.execution.fill_models.next_bar import LimitFill
from periscope.execution.meeting import QuoteUse
from periscope.execution.pricing import LastClose, LeanPricing, Pricing
from periscope.execution.slippage import NoSlippage, SlippageModel
from periscope.market.adjustment import Adjustment

__all__ = [
    "AccountName",
    "Adjustment",
    "FillModelName",
    "InterestRates",
    "LeanFillRules",
    "LeanRules",
    "LimitFill",
    "Limits",
    "MarginCallPolicy",
    "MarginRates",
    "PriceRounding",
    "Profile",
    "QuoteUse",
    "Settings",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a strategy may use (`core.limits`)."""

    handler_seconds: float = 10.0
    start_seconds: float = 30.0
    total_seconds: float | None = None
    memory_bytes: int = 2 << 30
    events_per_instant: int = 10_000
    actions_per_reply: int = 1_000
    open_orders: int = 10_000
    output_bytes: int = 10_000_000


class Profile(StrEnum):
    """The named set of rules that a run follows (`core.profile`)."""

    DEFAULT = "default"
    LEAN = "lean"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeanRules:
    """What LEAN lets an algorithm set, for the profile `lean` (`core.lean`).

    `fills` are the numbers of its fill models, `leverage` is that of equities, `zone` the algorithm's clock.
    """

    fills: LeanFillRules = field(default_factory=LeanFillRules)
    leverage: Decimal = Decimal(2)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("America/New_York"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The run's rules. `start` and `end` are microseconds since 1970-01-01 UTC; the window is [start, end].

    `latency` is how many microseconds an order or a cancellation takes to the market. `good_till` is a trading day or a
    moment (microseconds UTC), or several for the first, the second, ... GTD order; the last counts for the rest.
    """

    start: int
    end: int
    version: str = "unversioned"
    config_hash: str = ""
    seed: int = 0
    currency: str = "USD"
    extended_hours: bool = False
    execution_span: BarTimeSpan | None = None
    profile: Profile = Profile.DEFAULT
    lean: LeanRules = field(default_factory=LeanRules)
    fill_model: FillModelName = FillModelName.NEXT_BAR
    limit_fill: LimitFill = LimitFill.THROUGH
    price_rounding: PriceRounding = PriceRounding.PASSIVE
    participation: Decimal | None = None
    quotes: QuoteUse = QuoteUse.OFF
    latency: int = 0
    good_till: date | int | tuple[date | int, ...] | None = None
    slippage: SlippageModel = field(default_factory=NoSlippage)
    fees: FeeModel = field(default_factory=NoFees)
    account: AccountName = AccountName.MARGIN
    margin: MarginRates = field(default_factory=MarginRates)
    on_margin_call: MarginCallPolicy = MarginCallPolicy.WARN
    interest: InterestRates = field(default_factory=InterestRates)
    adjustment: Adjustment = Adjustment.SPLIT
    limits: Limits = field(default_factory=Limits)

    def account_model(self) -> Account:
        """The account's rules."""
        return account_model(self.account, self.margin, self.lean.leverage, self.fees)

    def pricing(self) -> Pricing:
        """Which prices the run keeps."""
        return LeanPricing(self.fees) if self.profile is Profile.LEAN else LastClose()
