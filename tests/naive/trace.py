"""What a run did, as values that two engines can be compared by."""

from dataclasses import dataclass, field

type Row = tuple[object, ...]


@dataclass
class Trace:
    """The evidence of one run; every row is a plain tuple, times are microseconds, numbers are Decimals.

    events         ("BAR", time, symbol, asset type, start, open, high, low, close, volume)
                   ("ORDER", time, order sequence, symbol, asset type, state, quantity so far, net money, updated at)
                   ("TIMER", time, timer id) · ("EXPIRATION", time, symbol, asset type)
    actions        (time, action) for every action of every reply that was applied
    orders         (sequence, state, reject code, filled quantity, net money, fees, closed at)
    fills          (order sequence, time, price, quantity, fee, price before slippage, cash after, position after,
                   realised)
    settlements    (time, symbol, asset type, quantity closed, price, realised) of positions that expired
    registrations  (time, number, symbol, asset type, span), None where the engine does not tell
    issues         (time, code)
    cash           (time, cash after) for each entry of the ledger
    ledger         (time, ((account, amount), ...)) for each entry, by the names of the accounts
    positions      (symbol, asset type, signed quantity, average price, realised) of instruments ever traded
    observations   whatever the strategy noted down, None where the engine cannot tell
    status         "complete" or "error"; `error` says which: "exception", "not_actions", "too_many_actions",
                   "events_per_instant"
    """

    events: list[Row] = field(default_factory=list)
    actions: list[Row] = field(default_factory=list)
    orders: list[Row] = field(default_factory=list)
    fills: list[Row] = field(default_factory=list)
    settlements: list[Row] = field(default_factory=list)
    registrations: list[Row] | None = field(default_factory=list)
    issues: list[Row] = field(default_factory=list)
    cash: list[Row] = field(default_factory=list)
    ledger: list[Row] = field(default_factory=list)
    positions: list[Row] = field(default_factory=list)
    observations: list[Row] | None = None
    final_cash: object = None
    final_value: object = None
    status: str = "complete"
    error: str | None = None
