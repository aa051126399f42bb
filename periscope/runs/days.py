"""Which trading day a moment belongs to, for the statistics of a run."""

import numpy as np
import numpy.typing as npt

from periscope.instruments.sessions import SessionRangeError, UnknownExchangeError, sessions_for

_DAY = 86_400_000_000
_DEFAULT_SESSIONS_PER_YEAR = 252


class TradingDays:
    """Trading days of the exchange of the run's first stream; days of UTC where its sessions are not known."""

    def __init__(self, extended: bool) -> None:
        self._extended = extended
        self.exchange: str | None = None

    def use(self, exchange: str) -> None:
        """Count by this exchange, unless an earlier one is in use."""
        if self.exchange is None:
            self.exchange = exchange

    @property
    def sessions_per_year(self) -> int:
        """How many trading days make a year."""
        try:
            return sessions_for(self.exchange or "US").sessions_per_year
        except UnknownExchangeError:
            return _DEFAULT_SESSIONS_PER_YEAR

    def numbers(self, times: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """Days since 1970-01-01 of the trading day that each time (microseconds UTC) belongs to."""
        try:
            return sessions_for(self.exchange or "US", extended=self._extended).trading_day_numbers(times)
        except (UnknownExchangeError, SessionRangeError):
            return (times // _DAY).astype(np.int32)
