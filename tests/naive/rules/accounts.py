"""Margin accounts, margin calls, daily settlement, interest and borrow fees (rules 26 to 28)."""

from decimal import Decimal

from periscope.engine.settings import AccountName, InterestRates, MarginCallPolicy, MarginRates
from tests.naive.rules.script import Rule

MARGIN = {"account": AccountName.MARGIN}
LIQUIDATE = {**MARGIN, "on_margin_call": MarginCallPolicy.LIQUIDATE}
TEN_PERCENT = InterestRates(cash=Decimal("0.1"), debit=Decimal("0.1"), borrow=Decimal("0.1"))

ACCOUNTS = [
    Rule(
        name="in a margin account half of the value is enough to buy, and cash goes below zero",
        settings=MARGIN,
        money="1000",
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
        """,
        steps="""
            start   1: BUY 20 LIMIT 100     | 09:30 1 WORKING
            start   2: BUY 1 LIMIT 1        | 09:30 2 REJECTED OUT_OF_CASH
                                            | 09:31 1 FILLED 20 @ 100
        """,
        cash="-1000",
        value="1000",
    ),
    Rule(
        name="the parts of the value that a margin account asks for can be set",
        settings={**MARGIN, "margin": MarginRates(initial=Decimal("0.25"), maintenance=Decimal("0.2"))},
        money="1000",
        bars="09:30 100 101 99 100",
        steps="""
            start   1: BUY 40 LIMIT 100     | 09:30 1 WORKING
            start   2: BUY 1 LIMIT 1        | 09:30 2 REJECTED OUT_OF_CASH
                                            | 09:31 1 FILLED 40 @ 100
        """,
        cash="-3000",
    ),
    Rule(
        name="a fill that half of the value does not cover ends the order: the open is above the last price",
        settings=MARGIN,
        money="1000",
        bars="""
            09:30 100 101 99 100
            09:31 120 121 119 120
        """,
        steps="""
            09:31   1: BUY 20               | 09:31 1 WORKING
                                            | 09:31 1 REJECTED OUT_OF_CASH
        """,
        cash="1000",
    ),
    Rule(
        name="shares can be sold short in a margin account; what was got for them is cash",
        settings=MARGIN,
        money="1000",
        bars="""
            09:30 100 101 99 100
            09:31 98 99 97 98
        """,
        steps="""
            start   1: SELL 10              | 09:30 1 WORKING
            1 FILLED  look                  | 09:30 1 FILLED 10 @ 100
            09:31   2: BUY_TO_CLOSE         | 09:31 2 WORKING
                                            | 09:31 2 FILLED 10 @ 98
        """,
        sees="09:30 AAA SHORT 10 100",
        cash="1020",
        positions="AAA 0 realised 20",
    ),
    Rule(
        name="a short position needs half of its value too",
        settings=MARGIN,
        money="400",
        bars="09:30 100 101 99 100",
        steps="""
            start   1: SELL 10              | 09:30 1 WORKING
                                            | 09:30 1 REJECTED OUT_OF_CASH
        """,
        cash="400",
    ),
    Rule(
        name="orders reserve what the worst position that they can reach needs beyond the present one",
        settings=MARGIN,
        money="1000",
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
        """,
        steps="""
            start   1: BUY 10                   | 09:30 1 WORKING
                                                | 09:30 1 FILLED 10 @ 100
            09:31   2: SELL 20 LIMIT 110        | 09:31 2 WORKING
            09:31   3: SELL 10 LIMIT 110        | 09:31 3 REJECTED OUT_OF_CASH
            09:31   4: SELL 9 LIMIT 110         | 09:31 4 WORKING
            09:31   5: SELL_TO_CLOSE LIMIT 120  | 09:31 5 WORKING
            09:31   6: BUY 9 LIMIT 90           | 09:31 6 WORKING
            09:31   withdraw 5.01               |
            09:31   withdraw 5                  |
        """,
        issues="OUT_OF_CASH WITHDRAWAL_EXCEEDS_FREE_CASH",
        cash="-5",
    ),
    Rule(
        name="falling below a quarter of the value is a margin call, told once until it is met again",
        settings=MARGIN,
        money="1000",
        bars="""
            09:30 100 101 99 100
            09:31 70 71 60 66
            09:32 66 67 64 65
            09:33 67 70 67 70
            09:34 66 66 60 60
        """,
        steps="""
            start   1: BUY 20               | 09:30 1 WORKING
                                            | 09:30 1 FILLED 20 @ 100
        """,
        issues="MARGIN_CALL MARGIN_CALL",
        cash="-1000",
        value="200",
    ),
    Rule(
        name="a margin call that liquidates sells as much as is needed, by a market order at the next open",
        settings=LIQUIDATE,
        money="1000",
        bars="""
            09:30 100 101 99 100
            09:31 70 71 60 66
            09:32 66 67 64 66
            09:33 66 67 64 66
        """,
        steps="""
            start   1: BUY 20               | 09:30 1 WORKING
                                            | 09:30 1 FILLED 20 @ 100
                                            | 09:32 2 WORKING
                                            | 09:32 2 FILLED 1 @ 66
        """,
        issues="MARGIN_CALL",
        cash="-934",
        positions="AAA 19 @ 100 realised -34",
    ),
    Rule(
        name="where one sale is not enough, the next bar brings another; the call is told once",
        settings=LIQUIDATE,
        money="1000",
        bars="""
            09:30 100 101 99 100
            09:31 70 71 60 66
            09:32 60 61 59 60
            09:33 60 61 59 60
            09:34 60 61 59 60
        """,
        steps="""
            start   1: BUY 20               | 09:30 1 WORKING
                                            | 09:30 1 FILLED 20 @ 100
                                            | 09:32 2 WORKING
                                            | 09:32 2 FILLED 1 @ 60
                                            | 09:33 3 WORKING
                                            | 09:33 3 FILLED 6 @ 60
        """,
        issues="MARGIN_CALL",
        cash="-580",
    ),
    Rule(
        name="the position with the largest requirement is sold first",
        settings=LIQUIDATE,
        money="750",
        bars="""
            09:30 100 101 99 100
            09:31 70 71 60 66
            09:32 66 67 64 66
            BBB 09:30 100 101 99 100
            BBB 09:31 70 71 60 66
            BBB 09:32 66 67 64 66
        """,
        steps="""
            start   1: BUY 5 on BBB         | 09:30 1 WORKING
            start   2: BUY 10               | 09:30 2 WORKING
                                            | 09:30 1 FILLED 5 @ 100
                                            | 09:30 2 FILLED 10 @ 100
                                            | 09:32 3 WORKING
                                            | 09:32 3 FILLED 1 @ 66
        """,
        positions="AAA 9 @ 100 realised -34, BBB 5 @ 100 realised 0",
    ),
    Rule(
        name="a short position that rises brings a margin call too",
        settings=LIQUIDATE,
        money="1000",
        bars="""
            09:30 100 101 99 100
            09:31 110 125 110 125
            09:32 125 126 124 125
        """,
        steps="""
            start   1: SELL 20              | 09:30 1 WORKING
                                            | 09:30 1 FILLED 20 @ 100
                                            | 09:32 2 WORKING
                                            | 09:32 2 FILLED 4 @ 125
        """,
        issues="MARGIN_CALL",
        cash="2500",
        value="500",
    ),
    Rule(
        name="futures: equity below the maintenance margin is a margin call, in a cash account too",
        money="1050",
        bars="""
            ESH4 09:30 5000 5001 4999 5000
            ESH4 09:31 5000 5001 4996 4997
            ESH4 09:32 4997 4998 4996 4996
        """,
        steps="""
            start   1: BUY 1 on ESH4        | 09:30 1 WORKING
                                            | 09:30 1 FILLED 1 @ 5000
        """,
        issues="MARGIN_CALL",
        value="850",
    ),
    Rule(
        name="futures are settled at the close of each session at the last price; the average price stays",
        money="2500",
        end="Tue 12:00",
        bars="""
            ESH4 09:30 5000 5001 4999 5000
            ESH4 16:59 5010 5011 5009 5010
            ESH4 Tue 09:30 5020 5021 5019 5020
        """,
        steps="""
            start   1: BUY 1 on ESH4        | 09:30 1 WORKING
            Tue 09:31   look on ESH4        | 09:30 1 FILLED 1 @ 5000
        """,
        sees="Tue 09:31 ESH4 LONG 1 5000",
        cash="3000",
        value="3500",
    ),
    Rule(
        name="closing a part after settlement brings what is left of that part's result",
        money="2500",
        end="Tue 12:00",
        bars="""
            ESH4 09:30 5000 5001 4999 5000
            ESH4 16:59 5010 5011 5009 5010
            ESH4 Tue 09:30 5020 5021 5019 5020
            ESH4 Tue 09:31 5020 5021 5019 5020
        """,
        steps="""
            start   1: BUY 2 on ESH4            | 09:30 1 WORKING
                                                | 09:30 1 FILLED 2 @ 5000
            Tue 09:31   2: SELL 1 on ESH4       | Tue 09:31 2 WORKING
                                                | Tue 09:31 2 FILLED 1 @ 5020
        """,
        cash="4000",
        value="4500",
        positions="ESH4 1 @ 5000 realised 1000",
    ),
    Rule(
        name="cash earns a 360th of the yearly rate each midnight (UTC)",
        settings={**MARGIN, "interest": TEN_PERCENT},
        money="36000",
        end="Tue 12:00",
        bars="""
            09:30 100 101 99 100
            Tue 09:30 100 101 99 100
        """,
        steps="",
        cash="36010",
    ),
    Rule(
        name="what is borrowed costs interest",
        settings={**MARGIN, "interest": TEN_PERCENT},
        money="18000",
        end="Tue 12:00",
        bars="""
            09:30 100 101 99 100
            Tue 09:30 100 101 99 100
        """,
        steps="""
            start   1: BUY 360              | 09:30 1 WORKING
                                            | 09:30 1 FILLED 360 @ 100
        """,
        cash="-18005",
    ),
    Rule(
        name="shares that are short cost a borrow fee on their value, and their proceeds earn nothing",
        settings={**MARGIN, "interest": TEN_PERCENT},
        money="18000",
        end="Tue 12:00",
        bars="""
            09:30 100 101 99 100
            Tue 09:30 100 101 99 100
        """,
        steps="""
            start   1: SELL 360             | 09:30 1 WORKING
                                            | 09:30 1 FILLED 360 @ 100
        """,
        cash="53995",
    ),
]
