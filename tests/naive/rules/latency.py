"""Orders and cancellations that take a while to the market (`core.latency_seconds`), and GTD (rules 18 and 20)."""

from datetime import date

from periscope.engine.settings import FillModelName
from tests.naive.rules.script import Rule, at

SECOND = {"latency": 1_000_000}
MINUTE = {"latency": 60_000_000}

LATENCY = [
    Rule(
        name="an order meets the bars that start when it has reached the market",
        settings=SECOND,
        bars="""
            09:30 100 101 99 100
            09:31 101 102 90 101
            09:32 102 103 90 102
        """,
        steps="""
            09:31   1: BUY 10                   | 09:31 1 WORKING
            09:31   2: BUY 10 LIMIT 95          | 09:31 2 WORKING
                                                | 09:32 1 FILLED 10 @ 102
                                                | 09:33 2 FILLED 10 @ 95
        """,
    ),
    Rule(
        name="one that arrives just as a bar starts meets that bar",
        settings=MINUTE,
        bars="""
            09:30 100 101 99 100
            09:31 101 102 90 101
            09:32 102 103 90 102
        """,
        steps="""
            09:31   1: BUY 10                   | 09:31 1 WORKING
                                                | 09:32 1 FILLED 10 @ 102
        """,
    ),
    Rule(
        name="current close fills as next bar: the close is gone when the order comes",
        settings={**SECOND, "fill_model": FillModelName.CURRENT_CLOSE},
        bars="""
            09:30 100 101 99 100
            09:31 101 102 90 101
            09:32 102 103 90 102
        """,
        steps="""
            09:31   1: BUY 10                   | 09:31 1 WORKING
                                                | 09:32 1 FILLED 10 @ 102
        """,
    ),
    Rule(
        name="an order that arrives after the close belongs to the next session",
        settings=MINUTE,
        bars="""
            15:58     100 101 99 100
            15:59     100 101 99 100
            Tue 15:59 105 106 80 105
        """,
        steps="""
            15:59   1: BUY 10 ATC               | 15:59 1 WORKING
            15:59   2: BUY 10 LIMIT 85 DAY      | 15:59 2 WORKING
                                                | Tue 16:00 2 FILLED 10 @ 85
                                                | Tue 16:00 1 FILLED 10 @ 105
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="cancel limits arrives late: what fills until then has filled, and a later order stays",
        settings=MINUTE,
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
            09:32 100 101 96 100
            09:33 100 101 90 100
            09:34 100 101 90 100
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 97          | 09:31 1 WORKING
            09:31   2: BUY 10 LIMIT 91          | 09:31 2 WORKING
            09:32   cancel limits               | 09:32 3 WORKING
            09:32   3: BUY 10 LIMIT 92          | 09:33 1 FILLED 10 @ 97
                                                | 09:33 2 CANCELLED
                                                | 09:34 3 FILLED 10 @ 92
        """,
    ),
    Rule(
        name="cancellations that arrive at one moment take effect before the first of them is told",
        settings=MINUTE,
        money="1000",
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
            09:32 100 101 99 100
            09:33 100 101 99 100
            BBB 09:30 100 101 99 100
        """,
        steps="""
            09:31   1: BUY 5 LIMIT 90           | 09:31 1 WORKING
            09:31   2: BUY 5 LIMIT 90 on BBB    | 09:31 2 WORKING
            09:32   cancel limits               |
            09:32   cancel limits on BBB        | 09:33 1 CANCELLED
            1 CANCELLED  3: BUY 10 LIMIT 90     | 09:33 3 WORKING
                                                | 09:33 2 CANCELLED
        """,
    ),
    Rule(
        name="GTD until a moment: of the bar under way then only the open counts; a bar that ends then counts whole",
        settings={"good_till": at("09:33:30")},
        bars="""
            09:30 100 101 99 100
            09:32 100 101 97 100
            09:33  96 101 90 100
        """,
        steps="""
            09:31   1: BUY 10 LIMIT 98 GTD      | 09:31 1 WORKING
            09:31   2: BUY 10 LIMIT 97 GTD      | 09:31 2 WORKING
            09:31   3: BUY 10 LIMIT 95 GTD      | 09:31 3 WORKING
                                                | 09:33 1 FILLED 10 @ 98
                                                | 09:33 2 FILLED 10 @ 96
                                                | 09:33:30 3 EXPIRED
        """,
    ),
    Rule(
        name="GTD until a date: that day's close; a fill at the closing instant precedes the expiry",
        settings={"good_till": date(2024, 1, 23)},
        bars="""
            09:30     100 101 99 100
            Tue 15:59 100 101 94 100
        """,
        steps="""
            start   1: BUY 10 LIMIT 95 GTD      | 09:30 1 WORKING
            start   2: BUY 10 LIMIT 90 GTD      | 09:30 2 WORKING
            start   3: BUY 10 STOP 120 GTD      | 09:30 3 WORKING
                                                | Tue 16:00 1 FILLED 10 @ 95
                                                | Tue 16:00 2 EXPIRED
                                                | Tue 16:00 3 EXPIRED
        """,
        end="Wed 16:00",
    ),
    Rule(
        name="GTD until a day without a session: the last close before it",
        monday=date(2024, 7, 1),
        settings={"good_till": date(2024, 7, 4), "start": at("Wed 09:30", date(2024, 7, 1))},
        bars="Wed 09:30 100 101 99 100",
        steps="""
            start   1: BUY 10 LIMIT 95 GTD      | Wed 09:30 1 WORKING
                                                | Wed 13:00 1 EXPIRED
        """,
        end="Fri 16:00",
    ),
    Rule(
        name="GTD needs core.good_till, and one that is not past",
        settings={"good_till": at("09:31")},
        bars="09:30 100 101 99 100",
        steps="""
            start   1: BUY 10 LIMIT 95 GTD      | 09:30 1 WORKING
                                                | 09:31 1 EXPIRED
            09:31   2: BUY 10 LIMIT 95 GTD      | 09:31 2 REJECTED GOOD_TILL_PAST
        """,
    ),
    Rule(
        name="GTD with several ends: one for each GTD order as placed, refused ones too; the last for the rest",
        settings={"good_till": (at("10:00"), date(2024, 1, 23), at("11:00"))},
        bars="09:30 100 101 99 100",
        steps="""
            start   1: BUY 10 LIMIT 90 GTD      | 09:30 1 WORKING
            start   2: BUY -1 LIMIT 90 GTD      | 09:30 2 REJECTED QUANTITY_NOT_POSITIVE
            start   3: BUY 10 LIMIT 90 GTD      | 09:30 3 WORKING
            start   4: BUY 10 LIMIT 90 GTD      | 09:30 4 WORKING
                                                | 10:00 1 EXPIRED
                                                | 11:00 3 EXPIRED
                                                | 11:00 4 EXPIRED
        """,
    ),
]
