"""What one contract is: the facts that execution, money and the data columns need."""

from dataclasses import dataclass
from decimal import Decimal

from libs.shared_ipc.src.protocol import AssetType

TRADES_AS_EQUITY = frozenset(
    {AssetType.EQUITY, AssetType.ETF, AssetType.PREFERRED, AssetType.RIGHT, AssetType.UNIT, AssetType.WARRANT}
)
"""Asset types whose orders are paid in full, unit by unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One tradable (or merely quoted) contract.

    Columns of this instrument hold integers: a price p is stored as p x 10**price_scale, a volume v as
    v x 10**volume_scale. `tick` and `quantity_step` are the smallest moves of an order's price and quantity;
    `multiplier` is money per price unit and contract. Margins are per contract in `currency`. Times are microseconds
    since 1970-01-01 UTC: `listed_at` is the first trading moment, `expires_at` the last (expiry of a future, delisting
    of an equity), None where there is none known.
    """

    symbol: str
    asset_type: AssetType
    exchange: str
    currency: str = "USD"
    price_scale: int = 4
    volume_scale: int = 0
    tick: Decimal = Decimal("0.01")
    quantity_step: Decimal = Decimal(1)
    multiplier: Decimal = Decimal(1)
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    root: str | None = None
    listed_at: int | None = None
    expires_at: int | None = None
    source: str = ""

    @property
    def key(self) -> tuple[str, AssetType]:
        """What identifies the instrument in a catalog."""
        return (self.symbol, self.asset_type)

    @property
    def is_future(self) -> bool:
        """Whether positions are margined and settled instead of paid."""
        return self.asset_type is AssetType.FUTURE
