"""Issue codes of what is found in a run after its end: likely causes of a disappointing result, never a failure."""

from periscope.runs.issue_kinds import Classification, Component, IssueCode, Severity


def _found(code: str, severity: Severity, cause: str, example: str, mend: str) -> IssueCode:
    return IssueCode(code, Component.SIMULATION, Classification.USER_ERROR, severity, cause, example, mend)


ANALYSIS_CODES: tuple[IssueCode, ...] = (
    _found(
        "NO_ORDERS_PLACED",
        Severity.NOTE,
        "Bars were delivered, and the strategy never asked for an order.",
        "9,828 bars were delivered and no order was placed: the strategy's conditions were never met",
        "Print the values that the conditions compare (`periscope backtest … --out DIR` keeps them in logs.jsonl), or "
        "take a longer window.",
    ),
    _found(
        "WARM_UP_TOO_LONG",
        Severity.WARNING,
        "No order was placed, and a whole-number parameter is larger than the bars that any stream delivered.",
        "no order was placed; the parameter slow is 200, and the window delivered at most 63 bars of one stream: "
        "whatever needs that many bars never began",
        "Start the window earlier, lower the parameter, or take a finer span.",
    ),
    _found(
        "EVERY_ORDER_REJECTED",
        Severity.WARNING,
        "Every order of the run was rejected.",
        "all 12 orders were rejected, 12 as OUT_OF_CASH: the order needs 30050 USD and 0 is free: 30050 is missing",
        "Mend the reason that is named; the issues list each with what to do.",
    ),
    _found(
        "ORDERS_NEVER_FILLED",
        Severity.NOTE,
        "Limit or stop orders of a symbol ended, or are still open, and none of them was filled.",
        "3 orders in SPY waited for a price and none was filled; order 1 waited for at most 140 (its limit), the "
        "market's low was 143.36 in the bar of 2013-10-09T13:48:00Z",
        "Compare the price with the nearest that the market came; a limit needs a price strictly better than it unless "
        "`core.limit_fill` is touch.",
    ),
    _found(
        "STALE_FILL",
        Severity.WARNING,
        "A market order found no bar during the whole session after it was placed, so it was filled much later.",
        "1 market orders in AIG found no bar in the session after they were placed; the longest wait was that of order "
        "4, placed 2013-10-08T20:00:00Z and filled 2013-10-11T13:30:00Z, 2.7 days later",
        "Look at the symbol's data with `periscope data check`, and at `core.execution_span`.",
    ),
    _found(
        "HOLE_IN_HOLDING",
        Severity.WARNING,
        "While a position was held there were sessions without a single bar of the stream that its orders meet.",
        "AIG has no bar on 2013-10-09, sessions in which a position was held: its value stood still, and no order "
        "could be filled",
        "Import the missing days; `periscope data check` lists all gaps of a series.",
    ),
    _found(
        "ONE_TRADE_DECIDES",
        Severity.NOTE,
        "The closed trades made money together, and would have lost without the best one.",
        "31 closed trades made 1204.10, of which 1890.00 in a single one: ES, opened 2013-10-16T14:31:00Z, closed "
        "2013-10-17T20:00:00Z. Without it they lost 685.90",
        "Ask whether that trade would come again: test other windows and symbols.",
    ),
    _found(
        "ONE_DAY_DECIDES",
        Severity.NOTE,
        "The run gained, and would have lost without its best trading day.",
        "the run returned 0.80% in 63 trading days, and 1.94% came on 2013-10-10 alone: without that day it lost",
        "Ask whether that day would come again: test other windows.",
    ),
    _found(
        "CASH_IDLE",
        Severity.NOTE,
        "A position was open in less than a twentieth of the equity curve's samples.",
        "a position was open in 1.2% of the samples of the equity curve: the cash was idle otherwise",
        "That may be the plan; if not, look at what closes positions so soon or opens them so rarely.",
    ),
)
