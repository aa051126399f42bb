"""What an auditor is shown of a run: plain values, exact fractions, nothing of the engines."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from periscope.execution.fees import FeeModel
from periscope.execution.slippage import SlippageModel
from periscope.instruments.instrument import Instrument
from tests.naive.corporate import Meaning


@dataclass(frozen=True, slots=True)
class Bar:
    """Times in microseconds, prices in money, volume in units (None: unknown).

    A quote bar has the volume of the trade bar of its time; it is not `offered` where it lacks the side looked at.
    """

    start: int
    end: int
    open: Fraction
    high: Fraction
    low: Fraction
    close: Fraction
    volume: Fraction | None
    offered: bool = True


@dataclass(frozen=True, slots=True)
class Contract:
    """What is traded, as the run sees it: trade bars, and what buys (`asks`) and sells (`bids`) meet, often the same.

    `means` says what prices and quantities mean at a moment, and `step` the step of quantities then. `splits` are the
    moments and ratios of splits that change positions and orders, `dividends` moments and amounts for each real share.
    `margin` is the initial margin of one contract at a moment, zero where it is not known, and for shares.
    """

    symbol: str
    is_future: bool
    root: str | None
    instrument: Instrument
    multiplier: Fraction
    bars: tuple[Bar, ...]
    asks: tuple[Bar, ...]
    bids: tuple[Bar, ...]
    means: Callable[[int], Meaning]
    step: Callable[[int], Fraction]
    margin: Callable[[int], Fraction]
    splits: tuple[tuple[int, Fraction], ...] = ()
    dividends: tuple[tuple[int, Fraction], ...] = ()

    def last_bar(self, time: int) -> Bar | None:
        """The last trade bar that had ended by then."""
        return next((bar for bar in reversed(self.bars) if bar.end <= time), None)

    def last_price(self, time: int) -> Fraction | None:
        """Its close, as it was traded."""
        bar = self.last_bar(time)
        return None if bar is None else bar.close

    def ratio(self, since: int, until: int) -> Fraction:
        """New shares for each old one, by the splits between two moments."""
        found = Fraction(1)
        for moment, ratio in self.splits:
            found *= ratio if since < moment <= until else 1
        return found


@dataclass(frozen=True, slots=True)
class Terms:
    """The models of the run, and the moment at which it ends."""

    end: int
    shorts: bool
    touch: bool
    participation: Fraction | None
    slippage: SlippageModel
    fees: FeeModel
    cash_rate: Fraction
    debit_rate: Fraction
    borrow_rate: Fraction


@dataclass(frozen=True, slots=True)
class Order:
    """An accepted order: side +1 or -1, `updates` are (time, state, quantity so far) as they were told.

    `auctions` are open and close of the regular session that an OPG, ATC or GTX order belongs to; `at_close` says that
    it may fill at the close of a bar that ended when it was placed.
    """

    number: int
    symbol: str
    side: int
    closing: bool
    kind: str
    force: str
    quantity: Fraction
    limit: Fraction | None
    stop: Fraction | None
    placed_at: int
    arrives_at: int
    until: int | None
    auctions: tuple[int, int] | None
    at_close: bool
    closed_at: int | None
    updates: tuple[tuple[int, str, Fraction], ...]

    @property
    def is_stop(self) -> bool:
        """Whether it waits for a stop price first."""
        return self.kind in ("STOP", "STOP_LIMIT")


@dataclass(frozen=True, slots=True)
class Fill:
    """One fill; `base` is the price before slippage."""

    order: int
    bar_start: int
    price: Fraction
    base: Fraction
    quantity: Fraction
    fee: Fraction
    realised: Fraction


@dataclass(frozen=True, slots=True)
class Settlement:
    """A position that was closed because its contract ended, or a fraction of one after a split.

    The signed quantity that was held, and the price.
    """

    symbol: str
    held: Fraction
    price: Fraction
    realised: Fraction


@dataclass(frozen=True, slots=True)
class Dividend:
    """Cash for so many real shares (signed), an amount for each."""

    symbol: str
    shares: Fraction
    amount: Fraction


@dataclass(frozen=True, slots=True)
class Split:
    """A position in new shares, so many for each old one."""

    symbol: str
    ratio: Fraction


@dataclass(frozen=True, slots=True)
class DailySettlement:
    """What an open future has gained since it was last settled was moved to cash."""

    symbol: str


@dataclass(frozen=True, slots=True)
class MarginChange:
    """Another margin was deposited for an open future."""

    symbol: str


@dataclass(frozen=True, slots=True)
class Accrual:
    """Interest, or a borrow fee on a symbol, was booked on an account."""

    account: str


@dataclass(frozen=True, slots=True)
class Flow:
    """Cash from outside, negative if it goes there."""

    amount: Fraction


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the books: what it was, its postings, and the cash and (signed) position after it."""

    time: int
    what: Fill | Settlement | DailySettlement | MarginChange | Accrual | Dividend | Split | Flow
    postings: tuple[tuple[str, Fraction], ...]
    cash_after: Fraction
    position_after: Fraction | None
