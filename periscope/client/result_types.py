"""What runs leave behind, as values: orders, fills, trades, positions, log lines, postings, lines of the journal."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from periscope.client.types import Document, Value


class Order(Value, frozen=True):
    """An order, also a refused one. `quantity` is None for one that closes whatever there is."""

    order_id: str
    sequence: int
    symbol: str
    asset_type: str
    side: str | None
    intent: str
    order_type: str
    time_in_force: str
    quantity: Decimal | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    placed_at: datetime
    state: str
    filled_quantity: Decimal
    average_fill_price: Decimal | None
    net_money: Decimal
    fees: Decimal
    closed_at: datetime | None
    reject_code: str | None
    reject_message: str | None
    reference_price: Decimal | None
    expires_at: datetime | None
    origin: str


class Fill(Value, frozen=True):
    """A fill with the rule and the bar behind its price. `sequence` is its order's number."""

    order_id: str
    sequence: int
    fill_number: int
    symbol: str
    asset_type: str
    side: str
    quantity: Decimal
    price: Decimal
    price_before_slippage: Decimal
    fee: Decimal
    filled_at: datetime
    bar_start: datetime
    bar_end: datetime | None
    bar_span: str
    met: str
    path: str
    rule: str
    volume_cap: Decimal | None
    realised_pnl: Decimal
    position_after: Decimal
    cash_after: Decimal
    origin: str | None = None


class Trade(Value, frozen=True):
    """A lot that was opened and closed, first in first out."""

    symbol: str
    asset_type: str
    direction: str
    quantity: Decimal
    entry_time: datetime
    exit_time: datetime
    entry_price: Decimal
    exit_price: Decimal
    gross_pnl: Decimal
    fees: Decimal
    net_pnl: Decimal


class Position(Value, frozen=True):
    """What is held. What is not known yet is None."""

    symbol: str
    asset_type: str
    direction: str
    quantity: Decimal
    average_price: Decimal
    last_price: Decimal | None = None
    market_value: Decimal | None = None
    unrealised_pnl: Decimal | None = None


class LogLine(Value, frozen=True):
    """A line that the strategy printed, with its simulation time."""

    time: datetime | None
    stream: str
    line: str


class StreamRead(Value, frozen=True):
    """A stream of bars that a run read. `stream` names it, as SPY:ETF:minute; `bars` is how many it read."""

    stream: str
    symbol: str
    asset_type: str
    span: str
    resampled_from: str | None
    first: datetime | None
    last: datetime | None
    bars: int


class RunEvent(Value, frozen=True):
    """What is new about a run: `kind` is status, issue, progress, or at last end; `id` is where to go on after it."""

    kind: str
    data: Document
    id: str | None


class Statistics(Value, frozen=True):
    """What a run came to; undefined figures are None."""

    run: int
    statistics: dict[str, Any]


class Posting(Value, frozen=True):
    """A line of the books; an entry that moves no money has one without an account."""

    entry: int
    time: datetime
    account: str | None
    debit: Decimal | None
    credit: Decimal | None
    reason: str


class Balance(Value, frozen=True):
    """An account with its sums; `balance` is a debit where positive."""

    account: str
    symbol: str | None
    entries: int
    debit: Decimal
    credit: Decimal
    balance: Decimal


class TrialBalance(Value, frozen=True):
    """Every account, in the order of the chart of accounts."""

    run: int
    accounts: list[Balance]


class JournalLine(Value, frozen=True):
    """A line of the journal, which the run's hash covers."""

    line: int
    kind: str
    bars: int | None
    time: datetime | None
    name: str
    detail: Any


class Difference(Value, frozen=True):
    """The first event in which two runs differ."""

    bars: int
    first: str | None
    second: str | None
    text: str


class Comparison(Value, frozen=True):
    """In what two runs differ."""

    same: bool
    difference: Difference | None
    facts: list[str]


class Verdict(Value, frozen=True):
    """What came of running a run again."""

    verified: bool
    strict: bool
    hash: str
    hash_again: str
    stopped: bool
    data_changed: list[str]
    difference: Difference | None
    findings: list[str]


class VerificationProblem(Value, frozen=True):
    """Why a verification came to no verdict."""

    code: str
    message: str


class Verification(Value, frozen=True):
    """A verification: its `status` is running, done or failed; the verdict is there once it is done."""

    run: int
    verification: int
    strict: bool
    status: str
    started_at: datetime
    ended_at: datetime | None
    progress: float | None
    verdict: Verdict | None
    problem: VerificationProblem | None


class Explanation(Value, frozen=True):
    """Why an order came to what it came to."""

    order: Document
    rested: Document | None
    fills: list[Document]
    end: Document
    models: Document
    notes: list[str]
