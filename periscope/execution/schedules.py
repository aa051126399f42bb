"""The parameters of the cost models, as a run's config sets them."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSchedule:
    """Fees per unit traded: `per_share` for what trades as an equity, `per_contract` for futures (`core.fees`).

    `minimum` and `maximum` bound the fee of one whole order over its fills, for equities. All in the run's currency.
    """

    per_share: Decimal = Decimal(0)
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    per_contract: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slippage:
    """How far a fill is moved against the order (`core.slippage`): by `ticks`, or by `basis_points` of the price."""

    ticks: int = 0
    basis_points: Decimal = Decimal(0)
