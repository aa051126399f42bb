"""The account models by name."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from periscope.execution.accounts.cash import CashAccount
from periscope.execution.accounts.lean import LeanAccount
from periscope.execution.accounts.margin import MarginAccount
from periscope.execution.accounts.model import Account
from periscope.execution.fees import FeeModel


class AccountName(StrEnum):
    """Which account a run has (`core.account`)."""

    MARGIN = "margin"
    CASH = "cash"
    LEAN = "lean"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginRates:
    """Parts of a position's market value that a margin account requires for shares (`core.margin`), 0 to 1."""

    initial: Decimal = Decimal("0.5")
    maintenance: Decimal = Decimal("0.25")


class MarginCallPolicy(StrEnum):
    """What a margin call does (`core.on_margin_call`)."""

    WARN = "warn"
    LIQUIDATE = "liquidate"


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestRates:
    """Yearly rates: paid on `cash` (`core.interest.cash`), charged on a `debit`, and charged to `borrow` shares."""

    cash: Decimal = Decimal(0)
    debit: Decimal = Decimal(0)
    borrow: Decimal = Decimal(0)


def account_model(name: AccountName, rates: MarginRates, leverage: Decimal, fees: FeeModel) -> Account:
    """The model of that name."""
    match name:
        case AccountName.MARGIN:
            return MarginAccount(rates.initial, rates.maintenance)
        case AccountName.CASH:
            return CashAccount()
        case AccountName.LEAN:
            return LeanAccount(leverage, fees)
