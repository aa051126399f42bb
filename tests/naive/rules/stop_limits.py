"""STOP_LIMIT: once touched it is a limit; in the bar that touches it, only where the path is certain (rule 20)."""

from periscope.engine.settings import LimitFill
from tests.naive.rules.script import Rule

TOUCH = {"limit_fill": LimitFill.TOUCH}

STOP_LIMITS = [
    Rule(
        name="triggered at an open inside the limit: fills at that open",
        bars="""
            09:30 100    100.50  99 100
            09:31 101.50 103    100 102
        """,
        steps="""
            09:31   1: BUY 10 STOP 101 LIMIT 102   | 09:31 1 WORKING
                                                   | 09:31 1 FILLED 10 @ 101.5
        """,
    ),
    Rule(
        name="triggered at an open beyond the limit: the rest of the bar can fill it at the limit",
        bars="""
            09:30 100 100.50  99    100
            09:31 103 104    101.90 103
        """,
        steps="""
            09:31   1: BUY 10 STOP 101 LIMIT 102   | 09:31 1 WORKING
                                                   | 09:32 1 FILLED 10 @ 102
        """,
    ),
    Rule(
        name="triggered at an open beyond the limit and not met: a limit order from then on",
        bars="""
            09:30 100 100.50  99    100
            09:31 103 104    102.50 103
            09:32 103 104    101.99 103
        """,
        steps="""
            09:31   1: BUY 10 STOP 101 LIMIT 102   | 09:31 1 WORKING
                                                   | 09:33 1 FILLED 10 @ 102
        """,
    ),
    Rule(
        name="touched inside the bar with the stop inside the limit: fills at the stop",
        bars="""
            09:30 100 100.50 99 100
            09:31 100 101.20 99 100
        """,
        steps="""
            09:31   1: BUY 10 STOP 101 LIMIT 102   | 09:31 1 WORKING
                                                   | 09:32 1 FILLED 10 @ 101
        """,
    ),
    Rule(
        name="touched inside the bar, stop outside the limit, close beyond the limit: fills at the limit",
        bars="""
            09:30 100 100.50 99 100
            09:31 100 102.50 99 100.50
        """,
        steps="""
            09:31   1: BUY 10 STOP 102 LIMIT 101   | 09:31 1 WORKING
                                                   | 09:32 1 FILLED 10 @ 101
        """,
    ),
    Rule(
        name="touched inside the bar on an uncertain path: a limit order from the next bar on",
        bars="""
            09:30 100    100.50  99    100
            09:31 100    102.50  99    101.50
            09:32 101.20 101.50 100.90 101
        """,
        steps="""
            09:31   1: BUY 10 STOP 102 LIMIT 101   | 09:31 1 WORKING
                                                   | 09:33 1 FILLED 10 @ 101
        """,
    ),
    Rule(
        name="through: a stop equal to the limit is not inside it",
        bars="""
            09:30 100    100.50  99    100
            09:31 100    101     99    101
            09:32 101.50 102    100.99 101
        """,
        steps="""
            09:31   1: BUY 10 STOP 101 LIMIT 101   | 09:31 1 WORKING
                                                   | 09:33 1 FILLED 10 @ 101
        """,
    ),
    Rule(
        name="touch: a stop equal to the limit is inside it",
        settings=TOUCH,
        bars="""
            09:30 100 100.50 99 100
            09:31 100 101    99 101
        """,
        steps="""
            09:31   1: BUY 10 STOP 101 LIMIT 101   | 09:31 1 WORKING
                                                   | 09:32 1 FILLED 10 @ 101
        """,
    ),
    Rule(
        name="never touched: the limit alone does not fill it",
        bars="""
            09:30 100 100.50 99 100
            09:31 100 100.99 90 100
        """,
        steps="""
            09:31   1: BUY 10 STOP 101 LIMIT 102   | 09:31 1 WORKING
        """,
    ),
    Rule(
        name="a sell stop limit is the mirror image",
        bars="""
            09:30 100   101   99   100
            09:31 100   101   98.5 100
            09:32  97    98.5 96    97
        """,
        steps="""
            start   1: BUY 20                       | 09:30 1 WORKING
                                                    | 09:30 1 FILLED 20 @ 100
            09:31   2: SELL 10 STOP 99 LIMIT 98     | 09:31 2 WORKING
            09:31   3: SELL 10 STOP 98.2 LIMIT 98   | 09:31 3 WORKING
                                                    | 09:32 2 FILLED 10 @ 99
                                                    | 09:33 3 FILLED 10 @ 98
        """,
    ),
    Rule(
        name="cancel limits takes limits and touched stop limits, no stops and no stop limits that still wait",
        bars="""
            09:30 100 100.50 99    100
            09:31 100 102.50 99.50 101.50
            09:32 102 102.20 101.80 102
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 95               | 09:31 1 WORKING
            09:31   2: BUY 10 STOP 102 LIMIT 101     | 09:31 2 WORKING
            09:31   3: BUY 10 STOP 105 LIMIT 106     | 09:31 3 WORKING
            09:31   4: BUY 10 STOP 105               | 09:31 4 WORKING
            09:32   cancel limits                    | 09:32 1 CANCELLED
                                                     | 09:32 2 CANCELLED
        """,
    ),
    Rule(
        name="a stop limit triggered at the open counts as a limit from the bar's start on",
        bars="""
            09:30 100 100.50  99    100
            09:31 103 104    102.50 103
        """,
        steps="""
            start   1: BUY 10 STOP 101 LIMIT 102     | 09:30 1 WORKING
            start   timer 90                         | 09:31:30 timer
            timer   cancel limits                    | 09:31:30 1 CANCELLED
        """,
        end="09:32",
    ),
    Rule(
        name="a stop limit touched inside a bar counts as a limit only from the bar's end on",
        bars="""
            09:30 100 100.50 99 100
            09:31 100 102.50 99 101.50
            09:32 102 102.50 101.5 102
        """,
        steps="""
            start   1: BUY 10 STOP 102 LIMIT 101     | 09:30 1 WORKING
            start   timer 90                         | 09:31:30 timer
            timer   cancel limits                    | 09:32 1 CANCELLED
            09:32   cancel limits                    |
        """,
        end="09:32:30",
    ),
]
