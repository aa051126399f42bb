"""What a strategy may ask: its positions and the front month."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from libs.shared_ipc.src.framework import DataCoordinator
from libs.shared_ipc.src.framework.runtime import Clock
from libs.shared_ipc.src.protocol import AssetType, Direction, StrategyPosition

from .events import microseconds
from .wire import Answer

_SAME_BOOK = {AssetType.EQUITY: AssetType.ETF, AssetType.ETF: AssetType.EQUITY}
"""An ETF also answers to EQUITY, and the other way round."""


class Coordinator(DataCoordinator):
    """Answers a strategy's questions: positions from the mirror, front months from the engine."""

    def __init__(self, clock: Clock, ask: Callable[[str, int | None], Answer]) -> None:
        self._clock = clock
        self._ask = ask
        self._front_months: dict[str, Answer] = {}
        self.positions: dict[tuple[str, str], StrategyPosition] = {}

    async def get_position_by_symbol(self, symbol: str, asset_type: AssetType) -> StrategyPosition | None:
        """The position as of the handler's simulation time, None when flat."""
        if not isinstance(symbol, str) or not isinstance(asset_type, AssetType):
            raise TypeError(f"get_position_by_symbol takes a str and an AssetType, found {symbol!r}, {asset_type!r}")
        found = self.positions.get((symbol, asset_type))
        if found is None and asset_type in _SAME_BOOK:
            found = self.positions.get((symbol, _SAME_BOOK[asset_type]))
        return found

    async def get_front_month_contract_by_volume(self, root_symbol: str, as_of_time: datetime | None = None) -> str:
        """The contract of the root with the greatest volume, as known at `as_of_time` (default: now)."""
        now = self._clock.now
        if now is None:
            raise RuntimeError("the front month is known from on_start onward")
        if not isinstance(root_symbol, str):
            raise TypeError(f"root_symbol must be a str, found {root_symbol!r}")
        if as_of_time is not None:
            if as_of_time.tzinfo is None or as_of_time.utcoffset() is None:
                raise ValueError(
                    f"as_of_time {as_of_time} has no time zone; make it aware, for example with tzinfo=UTC"
                )
            if as_of_time > now:
                raise ValueError(f"as_of_time {as_of_time} lies in the future; it is {now}")
        asked = microseconds(now if as_of_time is None else as_of_time)
        answer = self._front_months.get(root_symbol)
        if answer is None or not answer.valid_from <= asked < answer.valid_until:
            answer = self._ask(root_symbol, None if as_of_time is None else asked)
            self._front_months[root_symbol] = answer
        if answer.symbol is None:
            raise LookupError(answer.reason)
        return answer.symbol

    def mirror(self, changes: Sequence[tuple[str, str, str, str]]) -> None:
        """Take over positions as they are now."""
        for symbol, asset_type, quantity, average in changes:
            signed = Decimal(quantity)
            if signed == 0:
                self.positions.pop((symbol, asset_type), None)
            else:
                direction = Direction.LONG if signed > 0 else Direction.SHORT
                position = StrategyPosition(symbol, direction, signed.copy_abs(), Decimal(average))
                self.positions[symbol, asset_type] = position
