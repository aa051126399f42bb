"""Orders that meet quote bars: a buy the asks, a sell the bids (rule 20, `core.quotes`)."""

from decimal import Decimal

from periscope.engine.settings import AccountName, FillModelName, LimitFill, QuoteUse
from tests.naive.rules.script import Rule

REQUIRE = {"quotes": QuoteUse.REQUIRE}
PREFER = {"quotes": QuoteUse.PREFER}

QUOTES = [
    Rule(
        name="a market buy meets the ask, a market sell the bid",
        settings=REQUIRE,
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
            09:32 100 101 99 100
        """,
        quotes="""
            09:30  99.90 100.90 98.90  99.90 | 100.10 101.10 99.10 100.10
            09:31  99.80 100.80 98.80  99.80 | 100.20 101.20 99.20 100.20
            09:32  99.70 100.70 98.70  99.70 | 100.30 101.30 99.30 100.30
        """,
        steps="""
            09:31   1: BUY 10                   | 09:31 1 WORKING
                                                | 09:31 1 FILLED 10 @ 100.2
            09:32   2: SELL 10                  | 09:32 2 WORKING
                                                | 09:32 2 FILLED 10 @ 99.7
        """,
        cash="999995",
    ),
    Rule(
        name="off: the quotes are there, and orders meet the trades all the same",
        bars="09:30 100 101 99 100",
        quotes="09:30  99.90 100.90 98.90  99.90 | 100.10 101.10 99.10 100.10",
        steps="""
            start   1: BUY 10                   | 09:30 1 WORKING
                                                | 09:30 1 FILLED 10 @ 100
        """,
    ),
    Rule(
        name="a buy limit fills where the ask goes through it; trades below it don't",
        settings=REQUIRE,
        bars="""
            09:30 100 101 99 100
            09:31 100 101 95 100
            09:32 100 101 95 100
        """,
        quotes="""
            09:30  99.90 100.90 98.90  99.90 | 100.10 101.10 99.10 100.10
            09:31  99.90 100.90 94.90  99.90 | 100.10 101.10 97.01 100.10
            09:32  99.90 100.90 94.90  99.90 | 100.10 101.10 96.99 100.10
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 97          | 09:31 1 WORKING
                                                | 09:33 1 FILLED 10 @ 97
        """,
    ),
    Rule(
        name="a sell stop is touched by the bid, a buy stop by the ask",
        settings={**REQUIRE, "account": AccountName.MARGIN},
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
        """,
        quotes="""
            09:30  99.90 100.90 98.90  99.90 | 100.10 101.10 99.10 100.10
            09:31  99.90 100.90 98.50  99.90 | 100.10 101.50 99.50 100.10
        """,
        steps="""
            09:31   1: SELL 10 STOP 98.60       | 09:31 1 WORKING
            09:31   2: BUY 10 STOP 101.40       | 09:31 2 WORKING
            09:31   3: SELL 10 STOP 98.40       | 09:31 3 WORKING
            09:31   4: BUY 10 STOP 101.60       | 09:31 4 WORKING
                                                | 09:32 1 FILLED 10 @ 98.6
                                                | 09:32 2 FILLED 10 @ 101.4
        """,
    ),
    Rule(
        name="one-sided: without an ask there is nothing to buy; the order waits for the next bar that has one",
        settings=REQUIRE,
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
            09:32 100 101 99 100
        """,
        quotes="""
            09:30  99.90 100.90 98.90  99.90 | 100.10 101.10 99.10 100.10
            09:31  99.90 100.90 98.90  99.90 | -
            09:32  99.90 100.90 98.90  99.90 | 100.40 101.10 99.10 100.10
        """,
        steps="""
            09:31   1: BUY 10                   | 09:31 1 WORKING
            09:31   2: BUY 10 LIMIT 99.50       | 09:31 2 WORKING
            09:31   3: BUY 10 LIMIT 100.30 IOC  | 09:31 3 WORKING
                                                | 09:32 1 FILLED 10 @ 100.4
                                                | 09:32 3 CANCELLED
                                                | 09:33 2 FILLED 10 @ 99.5
        """,
    ),
    Rule(
        name="one-sided at the close: no bid, no closing price for a sell",
        settings={**REQUIRE, "account": AccountName.MARGIN},
        bars="""
            09:30 100 101 99 100
            15:59 100 101 99 100
        """,
        quotes="""
            09:30  99.90 100.90 98.90  99.90 | 100.10 101.10 99.10 100.10
            15:59  -                         | 100.10 101.10 99.10 100.60
        """,
        steps="""
            09:31   1: SELL 10 ATC              | 09:31 1 WORKING
            09:31   2: BUY 10 ATC               | 09:31 2 WORKING
                                                | 16:00 2 FILLED 10 @ 100.6
                                                | 16:00 1 EXPIRED
        """,
    ),
    Rule(
        name="prefer: without quotes orders meet trades; require: they wait, and the author is told",
        settings=PREFER,
        bars="""
            09:30 100 101 99 100
            BBB 09:30 50 51 49 50
        """,
        quotes="09:30  99.90 100.90 98.90  99.90 | 100.10 101.10 99.10 100.10",
        steps="""
            start   1: BUY 10                   | 09:30 1 WORKING
            start   2: BUY 10 on BBB            | 09:30 2 WORKING
                                                | 09:30 1 FILLED 10 @ 100.1
                                                | 09:30 2 FILLED 10 @ 50
        """,
    ),
    Rule(
        name="require: without quotes an instrument has no market",
        settings=REQUIRE,
        bars="09:30 100 101 99 100",
        steps="""
            start   1: BUY 10                   | 09:30 1 WORKING
        """,
        issues="NO_EXECUTION_DATA",
    ),
    Rule(
        name="quotes of another span than the execution bars are not used",
        settings=REQUIRE,
        bars="09:30 100 101 99 100",
        quotes="hour 09:30  99.90 100.90 98.90  99.90 | 100.10 101.10 99.10 100.10",
        steps="""
            start   1: BUY 10                   | 09:30 1 WORKING
        """,
        issues="NO_EXECUTION_DATA",
    ),
    Rule(
        name="current close: a market order fills at its side's close of the quote bar that just ended",
        settings={**REQUIRE, "fill_model": FillModelName.CURRENT_CLOSE},
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
        """,
        quotes="""
            09:30  99.90 100.90 98.90  99.80 | 100.10 101.10 99.10 100.20
            09:31  99.90 100.90 98.90  99.70 | -
        """,
        steps="""
            09:31   1: BUY 10                   | 09:31 1 WORKING
                                                | 09:31 1 FILLED 10 @ 100.2
            09:32   2: SELL 10                  | 09:32 2 WORKING
                                                | 09:32 2 FILLED 10 @ 99.7
        """,
    ),
    Rule(
        name="volume is that of the trades: the bar before at the open, the same time inside; no trades, no volume",
        settings={**REQUIRE, "participation": Decimal("0.1"), "limit_fill": LimitFill.TOUCH},
        bars="""
            09:30 100 101 99 100 40
            09:32 100 101 99 100 70
        """,
        quotes="""
            09:30  99.90 100.90 98.90  99.90 | 100.10 101.10 99.10 100.10
            09:31  99.90 100.90 98.90  99.90 | 100.10 101.10 99.10 100.10
            09:32  99.90 100.90 98.90  99.90 | 100.10 101.10 99.10 100.10
            09:33  99.90 100.90 98.90  99.90 | 100.10 101.10 99.10 100.10
        """,
        steps="""
            09:31   1: BUY 4                    | 09:31 1 WORKING
            09:31   2: BUY 20 LIMIT 99.10       | 09:31 2 WORKING
                                                | 09:31 1 FILLED 4 @ 100.1
                                                | 09:33 2 WORKING 7 @ 99.1
        """,
    ),
    Rule(
        name="in the closing auction the session's last trade bar counts; a session without trades has no volume",
        settings={**REQUIRE, "participation": Decimal("0.1")},
        bars="""
            15:58     100 101 99 100 40
            Wed 09:30 100 101 99 100 70
        """,
        quotes="""
            15:59      99.90 100.90 98.90  99.90 | 100.10 101.10 99.10 100.10
            Tue 15:59  99.90 100.90 98.90  99.90 | 100.10 101.10 99.10 100.10
        """,
        steps="""
            15:59   1: BUY 9 ATC                | 15:59 1 WORKING
                                                | 16:00 1 WORKING 4 @ 100.1
                                                | 16:00 1 EXPIRED 4
            1 EXPIRED  2: BUY 9 ATC             | 16:00 2 WORKING
                                                | Tue 16:00 2 EXPIRED
        """,
        end="Wed 16:00",
    ),
    Rule(
        name="one-sided: for IOC and FOK too the first price is that of the next bar that has their side",
        settings=REQUIRE,
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
            09:32 100 101 99 100
        """,
        quotes="""
            09:30  99.90 100.90 98.90  99.90 | 100.10 101.10 99.10 100.10
            09:31  99.90 100.90 98.90  99.90 | -
            09:32  99.90 100.90 98.90  99.90 | 100.40 101.10 99.10 100.10
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 100.50 IOC  | 09:31 1 WORKING
            09:31   2: BUY 10 LIMIT 100.40 IOC  | 09:31 2 WORKING
            09:31   3: BUY 10 FOK               | 09:31 3 WORKING
                                                | 09:32 1 FILLED 10 @ 100.4
                                                | 09:32 2 CANCELLED
                                                | 09:32 3 FILLED 10 @ 100.4
        """,
    ),
    Rule(
        name="one-sided: a stop is not touched, and a limit not met, by a bar without their side",
        settings={**REQUIRE, "account": AccountName.MARGIN},
        bars="""
            09:30 100 101 99 100
            09:31 100 109 91 100
            09:32 100 109 91 100
        """,
        quotes="""
            09:30  99.90 100.90 98.90  99.90 | 100.10 101.10 99.10 100.10
            09:31  - | 100.10 108.10 91.10 100.10
            09:32  99.90 107.90 90.90  99.90 | 100.10 101.10 99.10 100.10
        """,
        steps="""
            09:31   1: SELL 10 STOP 95          | 09:31 1 WORKING
            09:31   2: BUY 10 LIMIT 95          | 09:31 2 WORKING
                                                | 09:32 2 FILLED 10 @ 95
                                                | 09:33 1 FILLED 10 @ 95
        """,
    ),
]
