"""Issue codes of the component `simulation`: refusals, missing data, and Periscope's own faults."""

from periscope.runs.issue_kinds import Classification, Component, IssueCode, Severity


def _user(code: str, severity: Severity, cause: str, example: str, mend: str) -> IssueCode:
    return IssueCode(code, Component.SIMULATION, Classification.USER_ERROR, severity, cause, example, mend)


def _order(code: str, cause: str, example: str, mend: str) -> IssueCode:
    return _user(code, Severity.REFUSAL, cause, example, mend)


def _system(code: str, cause: str, example: str, mend: str) -> IssueCode:
    return IssueCode(code, Component.SIMULATION, Classification.SYSTEM_ERROR, Severity.FATAL, cause, example, mend)


_REPORT = "This is a fault of ours. Please report it with the run's folder; the detail is in Periscope's own log."

REJECTIONS: tuple[IssueCode, ...] = (
    _order(
        "UNKNOWN_INSTRUMENT",
        "An order names a symbol that the catalog does not know under that asset type.",
        "order 4: no EQUITY 'APPL' in the catalog; did you mean AAPL?",
        "Correct the symbol or the asset type, or import the instrument with `periscope data import`.",
    ),
    _order(
        "EXPIRED_INSTRUMENT",
        "The instrument had stopped trading when it was ordered or registered.",
        "order 9: ESZ13 expired at 2013-12-20T14:30:00Z",
        "Roll on ExpirationEvent or before; get_front_month_contract_by_volume names the contract to trade.",
    ),
    _order(
        "ASSET_TYPE_NOT_TRADABLE",
        "Orders in this asset type can't be placed.",
        "order 1: INDEX SPX can be watched but not traded",
        "Trade an ETF or a future on it instead.",
    ),
    _order(
        "CURRENCY_MISMATCH",
        "The instrument trades in another currency than `core.currency`; two are never added.",
        "order 1: FESX trades in EUR, the run's currency is USD",
        "Run it with `core.currency` set to the instrument's currency.",
    ),
    _order(
        "NOT_LISTED",
        "The instrument was not trading yet when it was ordered.",
        "order 1: META is listed from 2012-05-18T13:30:00Z",
        "Start the run later, or wait for the first bar.",
    ),
    _order(
        "QUANTITY_MISSING",
        "BUY and SELL need a `contract_quantity`.",
        "order 2: BUY SPY has no contract_quantity",
        "Give the quantity; only close intents may leave it out.",
    ),
    _order(
        "QUANTITY_NOT_POSITIVE",
        "The quantity is zero or negative, or not a finite number.",
        "order 2: quantity 0",
        "Give a positive quantity; the intent says the side. Place no order where there is nothing to trade.",
    ),
    _order(
        "QUANTITY_OFF_STEP",
        "The quantity is not a multiple of the instrument's quantity step.",
        "order 2: quantity 1.5 is not a multiple of SPY's step, 1",
        "Round the quantity down to the step. Closing a whole position is exempt.",
    ),
    _order(
        "PRICE_MISSING",
        "The order type needs a limit price or a stop price that was not given.",
        "order 3: STOP_LIMIT needs a stop_price",
        "LIMIT needs limit_price, STOP needs stop_price, STOP_LIMIT both.",
    ),
    _order(
        "PRICE_NOT_WANTED",
        "A price was given that the order type does not use.",
        "order 3: MARKET takes no limit_price",
        "Leave the price out, or choose the order type that uses it.",
    ),
    _order(
        "PRICE_NOT_POSITIVE",
        "A price of something that trades as an equity is zero or negative, or no finite number.",
        "order 3: limit_price -1",
        "Give a positive price.",
    ),
    _order(
        "PRICE_OFF_TICK",
        "The price is not a multiple of the tick, and `core.price_rounding` is `reject`.",
        "order 3: limit_price 100.005 is off SPY's tick, 0.01",
        "Round to the tick, or set `core.price_rounding` to `passive`.",
    ),
    _order(
        "TIME_IN_FORCE_NOT_ALLOWED",
        "The order type can't have this time in force: STOP and STOP_LIMIT take no OPG, ATC, IOC and FOK.",
        "order 3: STOP with IOC",
        "Use GTC, DAY, GTD or GTX.",
    ),
    _order(
        "GOOD_TILL_MISSING",
        "A GTD order lives until `core.good_till`, and the run's config does not set it.",
        "order 3: GTD, but the run has no core.good_till",
        "Set `core.good_till` to a date or a time with its offset, or use another time in force.",
    ),
    _order(
        "GOOD_TILL_PAST",
        "A GTD order was placed at or after `core.good_till`.",
        "order 3: core.good_till, 2024-03-28T20:00:00Z, is past",
        "Set a later `core.good_till`, or use another time in force.",
    ),
    _order(
        "SESSIONS_UNKNOWN",
        "The time in force needs the sessions of the instrument's exchange, and no table has them for that time.",
        "order 3: DAY needs the exchange's sessions: no session table for exchange 'XTKS'",
        "Use GTC, IOC or FOK; `periscope sessions` lists the exchanges and dates that are known.",
    ),
    _order(
        "NO_PRICE_YET",
        "In the profile `lean` an order came before the first price of its instrument.",
        "order 1: there is no price of SPY yet",
        "Order after the first bar. It does not count as an order, as in LEAN.",
    ),
    _order(
        "TOO_LATE_FOR_THE_CLOSE",
        "In the profile `lean` a market-on-close order came within `core.lean.close_buffer_seconds` of the close.",
        "order 4: the order comes too late for the closing price",
        "Order earlier, or set `core.lean.close_buffer_seconds`. It does not count as an order, as in LEAN.",
    ),
    _order(
        "NO_POSITION_TO_CLOSE",
        "A close intent found no position, or only one on the other side.",
        "order 6: SELL_TO_CLOSE SPY without a long position",
        "Ask get_position_by_symbol first, or ignore the rejection where closing twice is harmless.",
    ),
    _order(
        "FEE_UNKNOWN",
        "The fee schedule that `core.fees` names does not say what this instrument costs.",
        "order 1: what ZNH4 costs is not known: core.fees is Interactive Brokers, US, fixed",
        'Write the fee as an object, such as {"per_contract": "2.25"}; docs/fee-schedules.md lists what is known.',
    ),
    _order(
        "TOO_MANY_OPEN_ORDERS",
        "As many orders are resting as `core.limits.open_orders` allows.",
        "order 10001: 10,000 orders are resting, as many as core.limits.open_orders allows",
        "Cancel what is not needed any more (CancelLimitsAction), or use DAY; or raise `core.limits.open_orders`.",
    ),
    _order(
        "MARGIN_UNKNOWN",
        "The future has no initial margin in the catalog, so nobody can say whether it is affordable.",
        "order 1: ESZ13 has no initial margin",
        "Import the instrument with its initial margin; `periscope data import --help` says how.",
    ),
    _order(
        "ORDER_TOO_LARGE",
        "With this fill the position would be worth more than 10^12 of the run's currency.",
        "order 3: the position in ESZ13 would be worth more than 1,000,000,000,000 at its fill",
        "Check the quantity: it is larger than any market.",
    ),
    _order(
        "SHORT_NOT_ALLOWED",
        "A cash account can't hold fewer than no shares.",
        "order 6: SELL 100 SPY with 50 held",
        "Sell at most what is held, or use SELL_TO_CLOSE, which is cut to the position.",
    ),
    _order(
        "OUT_OF_CASH",
        "The order needs more buying power than is free, when placed or when it would fill.",
        "order 1: BUY 100 SPY needs 14,512.00, free are 0.00, missing 14,512.00",
        "Return InsertCashAction from on_start to fund the portfolio, or order less.",
    ),
)

ACTIONS: tuple[IssueCode, ...] = (
    _order(
        "CASH_AMOUNT_NOT_POSITIVE",
        "InsertCashAction and WithdrawCashAction need a positive, finite amount.",
        "InsertCashAction of -100",
        "Give a positive amount; the action says the direction.",
    ),
    _order(
        "CASH_AMOUNT_TOO_LARGE",
        "A portfolio can be funded with a hundred billion in all, so that every value of the equity curve has room.",
        "InsertCashAction of 1,000,000,000,000",
        "Insert less; results scale with it.",
    ),
    _order(
        "WITHDRAWAL_EXCEEDS_FREE_CASH",
        "More was to be withdrawn than is free of positions and resting orders.",
        "WithdrawCashAction of 5,000, free are 1,250.10",
        "Withdraw less, or cancel orders and close positions first.",
    ),
    _order(
        "UNKNOWN_SYMBOL",
        "A registration names a symbol that the catalog does not know under that asset type.",
        "no EQUITY 'SPYY' in the catalog; did you mean SPY?",
        "Correct it, or import the data. `periscope data list` shows what is there.",
    ),
    _order(
        "SPAN_NOT_AVAILABLE",
        "The catalog has no bars of that span for the symbol in the run's window.",
        "SPY has day, hour and minute bars from 1998 on, no second bars",
        "Register a span that is there, change the window, or import the data.",
    ),
    _user(
        "MARGIN_CALL",
        Severity.WARNING,
        "Equity fell below the maintenance requirement of the positions. Counted once until it is met again.",
        "equity is 2410.5 and the maintenance requirement 2600: 189.5 is missing",
        "Trade smaller, close earlier, or let `core.on_margin_call` close positions for you (`liquidate`).",
    ),
    _user(
        "DUPLICATE_REGISTRATION",
        Severity.WARNING,
        "The same stream was registered twice; the second time changes nothing.",
        "SPY minute bars are registered already",
        "Register each stream once.",
    ),
    _user(
        "NOT_REGISTERED",
        Severity.WARNING,
        "A stream was to be unregistered that is not registered.",
        "SPY hour bars are not registered",
        "Unregister with the same symbol, asset type and span as registered.",
    ),
    _order(
        "QUOTES_DISABLED",
        "Quote subscriptions are currently disabled.",
        "quotes of SPY were asked for",
        "Register bars instead.",
    ),
    _order(
        "TIMER_STEP_INVALID",
        "A timer's step must be a finite number of at least 0.001 seconds.",
        "RegisterTimeStepAction of 0 seconds",
        "Give a longer step.",
    ),
)

DATA: tuple[IssueCode, ...] = (
    _user(
        "NO_BARS_DELIVERED",
        Severity.FATAL,
        "The run ended without one bar for the strategy: nothing was registered, or the window holds no data.",
        "no bar of SPY between 2030-01-01 and 2030-02-01; the catalog has 1998-01-02 to 2021-03-31",
        "Return RegisterSecurityAction from on_start, and choose a window that `periscope data list` covers.",
    ),
    _order(
        "NO_EXECUTION_DATA",
        "An order's symbol has no bars in the window to fill from.",
        "order 1: SPY has no second bars in the window",
        "Leave `core.execution_span` null, or import bars of that span; with `core.quotes: require`, quote bars.",
    ),
    _user(
        "EXECUTION_DATA_PARTIAL",
        Severity.WARNING,
        "The bars that a symbol's orders meet cover only a part of the window, so orders outside of it wait.",
        "orders in ALFA meet minute bars, which begin 2023-10-02, 34 months into the run; day bars cover all of it",
        "Set `core.execution_span` to a span that covers the window, shorten the window, or import the missing bars.",
    ),
)

NOTES: tuple[IssueCode, ...] = (
    _user(
        "CORPORATE_ACTIONS",
        Severity.NOTE,
        "Splits or dividends of an instrument that the run read fell into its window; `core.adjustment` says what they "
        "did to prices, positions and resting orders. A strategy gets no event for them.",
        "AAPL: split 7:1 on 2014-06-09; prices and quantities stay in shares of the run's start",
        "Nothing needs to be done. `periscope instruments show SYMBOL` lists what the catalog knows.",
    ),
    _user(
        "CORPORATE_ACTION_NOT_APPLIED",
        Severity.WARNING,
        "`total_return` could not scale prices for a dividend, because no close before it is known.",
        "AAPL: the dividend of 3.29 on 2014-05-08 is not in the prices: no close before it is known",
        "Import bars of the days before the ex-date, or correct the dividend.",
    ),
    _user(
        "BARS_RESAMPLED",
        Severity.NOTE,
        "A registration asked for bars of a span that the catalog does not have; they were made of finer ones.",
        "the catalog has no hour bars of ALFA in the window; they were made of its minute bars",
        "Nothing needs to be done. Import bars of that span if they should be the source's own.",
    ),
    _user(
        "ISSUES_CUT",
        Severity.WARNING,
        "There were more kinds of issues than a run keeps; the count says how many occurrences are not shown.",
        "further issues are only counted",
        "Mend the first ones and run again.",
    ),
    _user(
        "RUN_UNCONFINED",
        Severity.WARNING,
        "The strategy ran without a sandbox, because `--trust-this-code` asked for it; the run is marked for good.",
        "the strategy's process was not confined: it could read files and use the network as you can",
        "Leave out `--trust-this-code` wherever `periscope doctor` shows a tier; keep it for code that you wrote.",
    ),
)

FAULTS: tuple[IssueCode, ...] = (
    _system(
        "PROTOCOL_VIOLATION",
        "The strategy's process sent something that the protocol does not allow, so the run was ended.",
        "the strategy's process answered out of turn",
        _REPORT + " If the strategy touches sys.stdin, file descriptors or the SDK's internals, remove that first.",
    ),
    _system(
        "SANDBOX_UNAVAILABLE",
        "The strategy's process could not be started, or could not be confined, on this machine.",
        "no sandbox can be had here: confined: Landlock: not in this kernel",
        "Run `periscope doctor`; it says what is missing. A container or a VM has what it takes (docs/sandbox.md has "
        "the command). For code of your own, `--trust-this-code` runs it without a sandbox.",
    ),
    _system(
        "SANDBOX_FAULT",
        "Periscope's own code in the strategy's process failed.",
        "Periscope's own part of the strategy's process failed; the log has its traceback",
        _REPORT,
    ),
    _system(
        "RUN_PROCESS_LOST",
        "The process that ran the run vanished several times: it was killed from outside, or the machine had no memory "
        "left for it.",
        "its process ended without a word; that was attempt 3 of 3",
        "Look for a killer of processes in the machine's log (`dmesg`), run fewer at once, or lower "
        "`core.limits.memory_bytes`; then reset the run and start it again.",
    ),
    _system(
        "RUN_FAILED",
        "Periscope's own code that ran the run failed: the disk was full, a file of the store is damaged, or a bug.",
        "the results could not be kept: No space left on device",
        "Mend what the message names, then reset the run and start it again. The detail is in Periscope's own log.",
    ),
    _system(
        "BOOKS_UNBALANCED",
        "The books did not balance after a step, so the run was stopped before anything was built on them.",
        "cash and positions differ from the postings by 0.01 after fill 17",
        _REPORT,
    ),
)

SIMULATION_CODES: tuple[IssueCode, ...] = (*REJECTIONS, *ACTIONS, *DATA, *NOTES, *FAULTS)
