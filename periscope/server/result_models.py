"""The rows that runs leave: orders, fills, trades, positions, issues, log lines, postings, lines of the journal."""

from typing import Any, Literal

from pydantic import Field

from periscope.server.models import Amount, Document, Model, Moment, Page


class Counted[Item](Page[Item]):
    """A page of a listing whose length is known."""

    count: int = Field(description="How many there are on all pages")


class Order(Model):
    """An order, also a refused one; docs/verification.md has all columns."""

    order_id: str
    sequence: int
    symbol: str
    asset_type: str
    side: str | None
    intent: str
    order_type: str
    time_in_force: str
    quantity: Amount | None
    limit_price: Amount | None
    stop_price: Amount | None
    placed_at: Moment
    state: str
    filled_quantity: Amount
    average_fill_price: Amount | None
    net_money: Amount
    fees: Amount
    closed_at: Moment | None
    reject_code: str | None
    reject_message: str | None
    reference_price: Amount | None
    expires_at: Moment | None
    origin: str


class Fill(Model):
    """A fill with the rule and the bar behind its price."""

    order_id: str
    sequence: int = Field(description="The order's number")
    fill_number: int
    symbol: str
    asset_type: str
    side: str
    quantity: Amount
    price: Amount
    price_before_slippage: Amount
    fee: Amount
    filled_at: Moment
    bar_start: Moment
    bar_end: Moment | None
    bar_span: str
    met: str
    path: str
    rule: str
    volume_cap: Amount | None
    realised_pnl: Amount
    position_after: Amount
    cash_after: Amount
    origin: str | None = Field(default=None, description="Who placed the order; runs kept earlier do not say")


class Trade(Model):
    """A lot that was opened and closed, first in first out."""

    symbol: str
    asset_type: str
    direction: str
    quantity: Amount
    entry_time: Moment
    exit_time: Moment
    entry_price: Amount
    exit_price: Amount
    gross_pnl: Amount
    fees: Amount
    net_pnl: Amount


class Position(Model):
    """What is held: of an active run now, of one that has ended at its end. What is not known yet is null."""

    symbol: str
    asset_type: str
    direction: str
    quantity: Amount
    average_price: Amount
    last_price: Amount | None = None
    market_value: Amount | None = None
    unrealised_pnl: Amount | None = None


class Place(Model):
    """A place in the strategy's own files."""

    file: str
    line: int
    function: str | None = None


class Issue(Model):
    """A problem with how often it occurred; docs/issue-codes.md has all codes."""

    id: str
    component: str
    classification: str
    severity: str
    code: str
    message: str
    count: int
    first: Moment | None
    last: Moment | None
    location: Place | None


class LogLine(Model):
    """A line that the strategy printed, with its simulation time."""

    time: Moment | None
    stream: str
    line: str


class Statistics(Model):
    """What the run came to; docs/statistics.md has the formulas. Undefined ones are null."""

    run: int
    statistics: dict[str, Any]


class Posting(Model):
    """A line of the books; an entry that moves no money has one without an account."""

    entry: int
    time: Moment
    account: str | None = Field(description="As cash, margin:ESH4 or realised:SPY")
    debit: Amount | None
    credit: Amount | None
    reason: str


class Balance(Model):
    """An account with its sums; `balance` is a debit where positive."""

    account: str
    symbol: str | None
    entries: int
    debit: Amount
    credit: Amount
    balance: Amount


class TrialBalance(Model):
    """Every account, in the order of the chart of accounts. All balances together are zero."""

    run: int
    accounts: list[Balance]


class JournalLine(Model):
    """A line of the journal, which the run's hash covers: docs/verification.md."""

    line: int
    kind: Literal["stream", "event", "action", "entry"]
    bars: int | None = Field(description="How many bars had been delivered before it")
    time: Moment | None
    name: str = Field(description="The symbol of a stream, the kind of an event, an action's type, an entry's reason")
    detail: Any = Field(description="What else the line holds")


class StreamRead(Model):
    """A stream of bars that a run read; `first` and `last` are the starts of its first and last bar."""

    stream: str
    symbol: str
    asset_type: str
    span: str
    resampled_from: str | None
    first: Moment | None
    last: Moment | None
    bars: int


class Difference(Model):
    """The first event in which two runs differ."""

    bars: int
    first: str | None
    second: str | None
    text: str


class Comparison(Model):
    """In what two runs differ."""

    same: bool
    difference: Difference | None
    facts: list[str]


class Verdict(Model):
    """What came of running a run again; docs/verification.md."""

    verified: bool
    strict: bool
    hash: str
    hash_again: str
    stopped: bool
    data_changed: list[str]
    difference: Difference | None
    findings: list[str]


class VerificationWanted(Model):
    """How to verify: `strict` hands the strategy one bar at a time, which finds those that look into the future."""

    strict: bool = False


class VerificationProblem(Model):
    """Why a verification came to no verdict."""

    code: str
    message: str


class Verification(Model):
    """A verification of a run; `verdict` is there once its status is done."""

    run: int
    verification: int
    strict: bool
    status: Literal["running", "done", "failed"]
    started_at: Moment
    ended_at: Moment | None
    progress: float | None = Field(description="How much of the simulated time is done, 0 to 1")
    verdict: Verdict | None
    problem: VerificationProblem | None


class Explanation(Model):
    """Why an order came to what it came to; docs/verification.md."""

    order: Document
    rested: Document | None
    fills: list[Document]
    end: Document
    models: Document
    notes: list[str]
