"""The two questions that a strategy can ask the platform."""

from datetime import datetime

from libs.shared_ipc.src.protocol import AssetType, StrategyPosition


class DataCoordinator:
    """The handle that the platform passes to your `__init__`. Keep it, and await its methods in handlers.

    This class only states the methods. In a test of your own, subclass it and answer what the test needs.
    """

    async def get_position_by_symbol(self, symbol: str, asset_type: AssetType) -> StrategyPosition | None:
        """The position as of the handler's simulation time, None when flat."""
        raise NotImplementedError(f"get_position_by_symbol({symbol!r}, {asset_type}): {_NOT_CONNECTED}")

    async def get_front_month_contract_by_volume(self, root_symbol: str, as_of_time: datetime | None = None) -> str:
        """The unexpired contract of `root_symbol` that traded most in the last trading day complete at `as_of_time`.

        `as_of_time` is now when left out. A naive or future one raises ValueError; no data raises LookupError.
        """
        raise NotImplementedError(
            f"get_front_month_contract_by_volume({root_symbol!r}, {as_of_time}): {_NOT_CONNECTED}"
        )


_NOT_CONNECTED = (
    "this DataCoordinator is not connected to a run. The platform passes a connected one to Strategy.__init__; "
    "in a test, subclass DataCoordinator and answer yourself."
)
