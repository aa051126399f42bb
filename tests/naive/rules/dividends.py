"""Dividends and delistings (rules 29 and 11)."""

from dataclasses import replace

from periscope.engine.settings import AccountName, Adjustment
from tests.naive.rules.script import AAA, BBB, ESH4, Rule, at

RAW = {"adjustment": Adjustment.RAW}
SPLIT = {"adjustment": Adjustment.SPLIT}
TOTAL = {"adjustment": Adjustment.TOTAL_RETURN}
SHORTS = {"account": AccountName.MARGIN}
DELISTED = (replace(AAA, expires_at=at("Tue 16:00")), BBB, ESH4)

DIVIDENDS = [
    Rule(
        name="a dividend is paid to who holds the share as its ex-date begins",
        settings=RAW,
        corporate="Tue pays 0.5",
        bars="""
            15:58     100 101 99 100
            Tue 09:30 99.5 100 99 99.5
        """,
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
                                            | 15:58 1 FILLED 10 @ 100
        """,
        end="Tue 16:00",
        cash="999005",
        value="1000000",
    ),
    Rule(
        name="who buys on the ex-date gets none",
        settings=SPLIT,
        corporate="Tue pays 0.5",
        bars="""
            15:58     100 101 99 100
            Tue 09:30 99.5 100 99 99.5
            Tue 09:31 99.5 100 99 99.5
        """,
        steps="""
            Tue 09:31 1: BUY 10             | Tue 09:31 1 WORKING
                                            | Tue 09:31 1 FILLED 10 @ 99.5
        """,
        end="Tue 16:00",
        cash="999005",
    ),
    Rule(
        name="who is short pays it",
        settings=SPLIT | SHORTS,
        corporate="Tue pays 0.5",
        bars="""
            15:58     100 101 99 100
            Tue 09:30 99.5 100 99 99.5
        """,
        steps="""
            start   1: SELL 10              | 09:30 1 WORKING
                                            | 15:58 1 FILLED 10 @ 100
        """,
        end="Tue 16:00",
        cash="1000995",
        value="1000000",
    ),
    Rule(
        name="split: a dividend after a split is for real shares",
        settings=SPLIT,
        corporate="""
            Tue 2:1
            Wed pays 0.5
        """,
        bars="""
            15:58     100 101 99 100
            Tue 09:30 50 51 49 50
            Wed 09:30 49.5 50 49 49.5
        """,
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
                                            | 15:58 1 FILLED 10 @ 100
        """,
        end="Wed 16:00",
        cash="999010",
        value="1000000",
    ),
    Rule(
        name="split and dividend on one day: the dividend is for the shares of before",
        settings=RAW,
        corporate="""
            Tue 2:1
            Tue pays 1
        """,
        bars="""
            15:58     100 101 99 100
            Tue 09:30 49.5 50 49 49.5
        """,
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
                                            | 15:58 1 FILLED 10 @ 100
        """,
        end="Tue 16:00",
        cash="999010",
        value="1000000",
    ),
    Rule(
        name="total return: the dividend is in the prices, and none is paid",
        settings=TOTAL,
        corporate="Tue pays 1",
        bars="""
            15:58     100 101 99 100
            Tue 09:30 99 100 98 99
        """,
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
                                            | 15:58 1 FILLED 10 @ 99
        """,
        end="Tue 16:00",
        cash="999010",
        value="1000000",
    ),
    Rule(
        name="what happens before the start or after the end changes nothing",
        settings=SPLIT,
        corporate="""
            Mon 3:1
            Wed 2:1
            Wed pays 5
        """,
        bars="""
            15:58     100 101 99 100
            Tue 09:30 100 101 99 100
        """,
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
                                            | 15:58 1 FILLED 10 @ 100
        """,
        end="Tue 16:00",
        cash="999000",
        value="1000000",
    ),
]

DELISTINGS = [
    Rule(
        name="a share that is delisted: its orders expire, the position is closed at the last price, its bars end",
        instruments=DELISTED,
        settings=RAW,
        bars="""
            15:58     10 11 9 10
            Tue 15:58 7 8 6 7
            Tue 15:59 7 8 6 6.5
        """,
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
                                            | 15:58 1 FILLED 10 @ 10
            15:59   2: BUY 5 LIMIT 3        | 15:59 2 WORKING
                                            | Tue 16:00 2 EXPIRED
                                            | Tue 16:00 expired AAA
            expiration 3: BUY 1             | Tue 16:00 3 REJECTED EXPIRED_INSTRUMENT
        """,
        end="Wed 16:00",
        cash="999965",
        positions="AAA 0 realised -35",
    ),
]
