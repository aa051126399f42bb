"""What every fill model answers."""

from typing import Protocol

from periscope.execution.meeting import Market, Meeting, Search
from periscope.execution.order import Order, Rejection


class FillModel(Protocol):
    """When and at what price an order meets its market. Its docstring states the rules in prose.

    `stops_first` says that among the fills inside bars that end at one instant stops come before limits, each by
    placement, and the closing auction last; otherwise all go by placement. `fills_at_expiry` says that a fill at the
    instant at which an order expires precedes the expiry; otherwise the expiry does. `in_turn` says that what fills
    at once fills before the next action of its handler is looked at; the strategy still hears of its orders first.
    `good_till_rolls` says that a GTD date without a session means the next close, and that one that is past is taken
    and ends the order at the next step; otherwise it means the last close before, and a past one is refused.
    """

    name: str
    stops_first: bool
    fills_at_expiry: bool
    in_turn: bool
    good_till_rolls: bool = False

    def accept(self, order: Order, market: Market) -> Order | Rejection:
        """The order as this model takes it, with what its time in force comes to; or why the model refuses it.

        It comes with `arrives_at`, with the `first_row` that starts at or after that, and with `until` as far as
        instrument and `core.good_till` limit it. The model may bring `until` forward, set `session` and `first_row`,
        and turn the order into another one. Raises `UnknownExchangeError` or `SessionRangeError` where the exchange's
        sessions are not known.
        """

    def next_meeting(self, order: Order, market: Market, search: Search, horizon: int) -> Meeting | None:
        """The order's next meeting among the rows that start at or before `horizon`, None if there is none there.

        Goes on where `search` stands, and leaves there how far it has come. Must depend on order and market alone.
        """

    def at_once(self, order: Order, market: Market, now: int) -> Meeting | None:
        """Where an order that is placed `now` fills without waiting, None if it waits."""
