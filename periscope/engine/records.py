"""What the engine did, as values, in the order in which it became true."""

from decimal import Decimal
from fractions import Fraction

import msgspec

from libs.shared_ipc.src.protocol import Action, BarTimeSpan, PlaceOrderAction
from periscope.execution.meeting import Met, Rule, When
from periscope.execution.order import Order, Rejection
from periscope.instruments.instrument import Instrument
from periscope.portfolio.book import Position
from periscope.portfolio.ledger import Entry


class ActionTaken(msgspec.Struct, frozen=True, gc=False):
    """An action that a handler returned, at the handler's simulation time, before row `row` of the present block."""

    row: int
    time: int
    action: Action


class OrderPlaced(msgspec.Struct, frozen=True, gc=False):
    """An order was accepted."""

    time: int
    order: Order


class OrderRefused(msgspec.Struct, frozen=True, gc=False):
    """An order was refused at admission."""

    time: int
    sequence: int
    order_id: str
    action: PlaceOrderAction
    rejection: Rejection


class OrderEnded(msgspec.Struct, frozen=True, gc=False):
    """An order came to its end; `order.state` says how, `rejection` why where the account could not bear a fill."""

    time: int
    order: Order
    rejection: Rejection | None = None


class Filled(msgspec.Struct, frozen=True, gc=False):
    """A fill and why it is what it is.

    `order` is the order after the fill. `met`, `span`, `bar_start` and `bar_end` name the bar that it met, and `when`
    the moment of it; `bar_end` is None where that is a model's own quote. `rule` is the rule that applied there.
    `volume_cap` is what participation would have allowed, None where nothing capped it; `cash_after` is
    the cash in the books with it.
    """

    time: int
    order: Order
    quantity: Decimal
    price: Decimal
    price_before_slippage: Decimal
    fee: Decimal
    realised: Decimal
    position_after: Decimal
    bar_start: int
    bar_end: int | None
    span: BarTimeSpan
    met: Met
    when: When
    rule: Rule
    volume_cap: Decimal | None
    cash_after: Decimal


class Settled(msgspec.Struct, frozen=True, gc=False):
    """A position was closed in cash because its instrument stopped trading, or a fraction because it was split."""

    time: int
    instrument: Instrument
    quantity: Decimal
    price: Decimal
    realised: Decimal


class DividendPaid(msgspec.Struct, frozen=True, gc=False):
    """A cash dividend of `per_share` on so many real shares (negative: paid by who is short)."""

    time: int
    instrument: Instrument
    shares: Decimal
    per_share: Decimal


class SharesSplit(msgspec.Struct, frozen=True, gc=False):
    """A split changed a position: `ratio` new shares for each old one, `quantity` after it (signed)."""

    time: int
    instrument: Instrument
    ratio: Fraction
    quantity: Decimal


class Booked(msgspec.Struct, frozen=True, gc=False):
    """The books changed: the balanced entry, and what they hold now of the instrument that it touched.

    `row` is the position in the block; `mark` the instrument's price at that moment, None where the last close
    stands; `flow` the cash that came from or went to outside. `sampled` says that the equity curve has a point here.
    """

    row: int
    entry: Entry
    cash: Decimal
    instrument: Instrument | None
    position: Position | None
    mark: Decimal | None
    flow: Decimal | None
    sampled: bool = True


class Delivered(msgspec.Struct, frozen=True, gc=False):
    """An event other than a bar was delivered, before row `row` of the present block."""

    row: int
    time: int
    kind: str
    payload: tuple[object, ...]


class IssueRaised(msgspec.Struct, frozen=True, gc=False):
    """Something that the author or the operator should know."""

    time: int
    code: str
    message: str
    subject: str = ""


type Record = (
    ActionTaken
    | OrderPlaced
    | OrderRefused
    | OrderEnded
    | Filled
    | Settled
    | DividendPaid
    | SharesSplit
    | Booked
    | Delivered
    | IssueRaised
)
