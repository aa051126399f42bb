"""Splits (rule 29), on prices, positions and resting orders."""

from decimal import Decimal

from periscope.engine.settings import AccountName, Adjustment, PriceRounding, QuoteUse
from periscope.execution.fees import PerShare
from periscope.execution.slippage import Ticks
from tests.naive.rules.script import Rule

RAW = {"adjustment": Adjustment.RAW}
SPLIT = {"adjustment": Adjustment.SPLIT}
TOTAL = {"adjustment": Adjustment.TOTAL_RETURN}
SHORTS = {"account": AccountName.MARGIN}
PENNY = PerShare(Decimal("0.01"))

SPLITS_OF_POSITIONS = [
    Rule(
        name="split, 2:1: prices and quantities stay in shares of the start, nothing jumps",
        settings=SPLIT,
        corporate="Tue 2:1",
        bars="""
            15:58     100 101 99 100
            15:59     100 101 99 100
            Tue 09:30 50 50.5 49.5 50
            Tue 09:31 51 51.5 50.5 51
        """,
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
                                            | 15:58 1 FILLED 10 @ 100
            Tue 09:31 look                  |
            Tue 09:31 2: SELL 10            | Tue 09:31 2 WORKING
                                            | Tue 09:31 2 FILLED 10 @ 102
        """,
        end="Tue 16:00",
        cash="1000020",
        sees="Tue 09:31 AAA LONG 10 100",
    ),
    Rule(
        name="raw, 2:1: the position has twice the shares at half the price",
        settings=RAW,
        corporate="Tue 2:1",
        bars="""
            15:58     100 101 99 100
            Tue 09:30 50 50.5 49.5 50
            Tue 09:31 51 51.5 50.5 51
        """,
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
                                            | 15:58 1 FILLED 10 @ 100
            Tue 09:31 look                  |
            Tue 09:31 2: SELL 20            | Tue 09:31 2 WORKING
                                            | Tue 09:31 2 FILLED 20 @ 51
        """,
        end="Tue 16:00",
        cash="1000020",
        sees="Tue 09:31 AAA LONG 20 50",
    ),
    Rule(
        name="total return, 2:1: the prices before are halved, a share is one of the run's end",
        settings=TOTAL,
        corporate="Tue 2:1",
        bars="""
            15:58     100 101 99 100
            Tue 09:30 50 50.5 49.5 50
            Tue 09:31 51 51.5 50.5 51
        """,
        steps="""
            start   1: BUY 20               | 09:30 1 WORKING
                                            | 15:58 1 FILLED 20 @ 50
            Tue 09:31 2: SELL 20            | Tue 09:31 2 WORKING
                                            | Tue 09:31 2 FILLED 20 @ 51
        """,
        end="Tue 16:00",
        cash="1000020",
    ),
    Rule(
        name="raw, 3:2: half a share is below the step and is paid in cash at the first price after",
        settings=RAW,
        corporate="Tue 3:2",
        bars="""
            15:58     90 91 89 90
            Tue 09:30 60 61 59 60
            Tue 09:31 60 61 59 60
        """,
        steps="""
            start   1: BUY 11               | 09:30 1 WORKING
                                            | 15:58 1 FILLED 11 @ 90
            Tue 09:31 look                  |
        """,
        end="Tue 16:00",
        cash="999040",
        positions="AAA 16 @ 60 realised 0",
        sees="Tue 09:31 AAA LONG 16 60",
    ),
    Rule(
        name="split, 3:2: there is no fraction to pay",
        settings=SPLIT,
        corporate="Tue 3:2",
        bars="""
            15:58     90 91 89 90
            Tue 09:30 60 61 59 60
            Tue 09:31 60 61 59 60
        """,
        steps="""
            start   1: BUY 11               | 09:30 1 WORKING
                                            | 15:58 1 FILLED 11 @ 90
        """,
        end="Tue 16:00",
        cash="999010",
        value="1000000",
        positions="AAA 11 @ 90 realised 0",
    ),
    Rule(
        name="raw, 1:10: a short pays for its fraction, the rest is one share",
        settings=RAW | SHORTS,
        corporate="Tue 1:10",
        bars="""
            15:58     10 10.1 9.9 10
            Tue 09:30 101 102 99 100
            Tue 09:31 100 101 99 100
        """,
        steps="""
            start   1: SELL 15              | 09:30 1 WORKING
                                            | 15:58 1 FILLED 15 @ 10
        """,
        end="Tue 16:00",
        cash="1000099.5",
        positions="AAA -1 @ 100 realised -0.5",
    ),
    Rule(
        name="raw, 1:10: what is all fraction is paid out, and the order that would close it is cancelled",
        settings=RAW,
        corporate="Tue 1:10",
        bars="""
            15:58     10 10.1 9.9 10
            15:59     10 10.1 9.9 10
            Tue 09:30 100 101 99 100
        """,
        steps="""
            start   1: BUY 5                | 09:30 1 WORKING
                                            | 15:58 1 FILLED 5 @ 10
            15:59   2: SELL_TO_CLOSE LIMIT 20 | 15:59 2 WORKING
                                            | Tue 00:00 2 CANCELLED
        """,
        end="Tue 16:00",
        cash="1000000",
        positions="",
    ),
    Rule(
        name="split, 7:1: limits are on the ticks of the real share, steps are its whole shares",
        settings=SPLIT | {"price_rounding": PriceRounding.REJECT},
        corporate="Tue 7:1",
        bars="""
            15:59     700 701 699 700
            Tue 09:30 100 101 99 100
            Tue 09:31 100 101 99.99 100
            Tue 09:32 100 101 99 100
        """,
        steps="""
            Tue 09:31 1: BUY 1 LIMIT 699.94 | Tue 09:31 1 REJECTED PRICE_OFF_TICK
            Tue 09:31 2: BUY 1 LIMIT 699.93 | Tue 09:31 2 WORKING
            Tue 09:31 3: BUY 1.5 LIMIT 700  | Tue 09:31 3 REJECTED QUANTITY_OFF_STEP
                                            | Tue 09:33 2 FILLED 1 @ 699.93
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="split, 1:3: adjusted prices are rounded half-even to six decimals",
        settings=SPLIT,
        corporate="Tue 1:3",
        bars="""
            15:59     10 10.1 9.9 10
            Tue 09:30 30 31 29 30
            Tue 09:31 30.01 31 29 30
            Tue 09:32 30.02 31 29 30
        """,
        steps="""
            Tue 09:31 1: BUY 3              | Tue 09:31 1 WORKING
                                            | Tue 09:31 1 FILLED 3 @ 10.003333
            Tue 09:32 2: BUY 3              | Tue 09:32 2 WORKING
            Tue 09:32 3: BUY 4              | Tue 09:32 3 REJECTED QUANTITY_OFF_STEP
                                            | Tue 09:32 2 FILLED 3 @ 10.006667
        """,
        end="Tue 16:00",
        cash="999939.97",
    ),
    Rule(
        name="split, 7:1: fees count real shares, a tick of slippage is one of the real share",
        settings=SPLIT | {"fees": PENNY, "slippage": Ticks(1)},
        corporate="Tue 7:1",
        bars="""
            15:58     700 701 699 700
            Tue 09:30 100 101 99 100
            Tue 09:31 100 101 99 100
        """,
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
                                            | 15:58 1 FILLED 10 @ 700.01
            Tue 09:31 2: SELL 10            | Tue 09:31 2 WORKING
                                            | Tue 09:31 2 FILLED 10 @ 699.93
        """,
        end="Tue 16:00",
        cash="999998.4",
    ),
    Rule(
        name="split, 7:1: volumes are counted in shares of the start",
        settings=SPLIT | {"participation": Decimal("0.1")},
        corporate="Tue 7:1",
        bars="""
            15:59     700 701 699 700 1000
            Tue 09:30 100 101 99 100 700
            Tue 09:31 100 101 99 100 700
        """,
        steps="""
            Tue 09:31 1: BUY 15             | Tue 09:31 1 WORKING
                                            | Tue 09:31 1 WORKING 10 @ 700
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="raw, 2:1: at the first open the volume of the bar before counts in new shares",
        settings=RAW | {"participation": Decimal("0.1")},
        corporate="Tue 2:1",
        bars="""
            15:59     100 101 99 100 100
            Tue 09:30 50 51 49 50 40
            Tue 09:31 50 51 49 50 40
        """,
        steps="""
            16:00   1: BUY 100              | 16:00 1 WORKING
                                            | Tue 09:30 1 WORKING 20 @ 50
                                            | Tue 09:31 1 WORKING 24 @ 50
        """,
        end="Tue 09:32",
    ),
]

SPLITS_OF_ORDERS = [
    Rule(
        name="raw, 2:1: a GTC limit that rests overnight is halved, and twice as many shares",
        settings=RAW,
        corporate="Tue 2:1",
        bars="""
            15:58     100 101 99 100
            15:59     100 101 99 100
            Tue 09:30 50 50.5 49.5 50
            Tue 09:31 50 50.5 47 48
        """,
        steps="""
            15:59   1: BUY 10 LIMIT 97.01   | 15:59 1 WORKING
                                            | Tue 09:32 1 FILLED 20 @ 48.5
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="split, 2:1: the same order needs no change",
        settings=SPLIT,
        corporate="Tue 2:1",
        bars="""
            15:58     100 101 99 100
            15:59     100 101 99 100
            Tue 09:30 50 50.5 49.5 50
            Tue 09:31 50 50.5 47 48
        """,
        steps="""
            15:59   1: BUY 10 LIMIT 97.01   | 15:59 1 WORKING
                                            | Tue 09:32 1 FILLED 10 @ 97.01
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="raw, 7:1: prices go to the tick away from the market: a sell's limit up and its stop down",
        settings=RAW,
        corporate="Tue 7:1",
        bars="""
            15:58     700 701 699 700
            15:59     700 701 699 700
            Tue 09:30 100 101 99 100
            Tue 09:31 100 102 99 100
            Tue 09:32 100 101 90 92
        """,
        steps="""
            start   1: BUY 10               | 09:30 1 WORKING
                                            | 15:58 1 FILLED 10 @ 700
            15:59   2: SELL 4 LIMIT 710.05  | 15:59 2 WORKING
            15:59   3: SELL 6 STOP 670.05   | 15:59 3 WORKING
                                            | Tue 09:32 2 FILLED 28 @ 101.44
                                            | Tue 09:33 3 FILLED 42 @ 95.72
        """,
        end="Tue 16:00",
        positions="AAA 0 realised -139.44",
    ),
    Rule(
        name="raw, 7:1: a buy's limit goes down and its stop up",
        settings=RAW,
        corporate="Tue 7:1",
        bars="""
            15:59     700 701 699 700
            Tue 09:30 100 101 99 100
            Tue 09:31 100 110 90 100
        """,
        steps="""
            16:00   1: BUY 1 LIMIT 670.05   | 16:00 1 WORKING
            16:00   2: BUY 1 STOP 750       | 16:00 2 WORKING
                                            | Tue 09:32 2 FILLED 7 @ 107.15
                                            | Tue 09:32 1 FILLED 7 @ 95.72
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="raw, 2:1: where orders meet quotes, a resting order goes on with the quotes after the split",
        settings=RAW | {"quotes": QuoteUse.REQUIRE},
        corporate="Tue 2:1",
        bars="""
            15:57     100 101 99 100
            15:58     100 101 99 100
            15:59     100 101 99 100
            Tue 09:30 50 51 49 50
            Tue 09:31 50 51 48 50
        """,
        quotes="""
            15:59      99.90 100.90 98.90  99.90 | 100.10 101.10 99.10 100.10
            Tue 09:30  49.90  50.90 48.90  49.90 |  50.10  51.10 49.10  50.10
            Tue 09:31  49.90  50.90 47.90  49.90 |  50.10  51.10 48.40  50.10
        """,
        steps="""
            15:59   1: BUY 10 LIMIT 97      | 15:59 1 WORKING
                                            | Tue 09:32 1 FILLED 20 @ 48.5
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="raw, 1:10: of an order that is less than one new share nothing is left",
        settings=RAW,
        corporate="Tue 1:10",
        bars="""
            15:59     10 11 9 10
            Tue 09:30 100 101 99 100
            Tue 09:31 100 101 50 60
        """,
        steps="""
            16:00   1: BUY 9 LIMIT 8        | 16:00 1 WORKING
            16:00   2: BUY 19 LIMIT 8       | 16:00 2 WORKING
                                            | Tue 00:00 1 CANCELLED
                                            | Tue 09:32 2 FILLED 1 @ 80
        """,
        end="Tue 16:00",
    ),
    Rule(
        name="raw, 2:1: what was filled before stays as it was, the rest is in new shares",
        settings=RAW | {"participation": Decimal("0.1")},
        corporate="Tue 2:1",
        bars="""
            15:58     100 101 99 100 30
            15:59     100 101 99 100 30
            Tue 09:30 50 50.5 49.5 50 1000
            Tue 09:31 50 50.5 49.5 50 1000
        """,
        steps="""
            15:59   1: BUY 10 LIMIT 101     | 15:59 1 WORKING
                                            | 15:59 1 WORKING 3 @ 100
                                            | Tue 09:30 1 WORKING 9 @ 50
                                            | Tue 09:31 1 FILLED 17 @ 50
        """,
        end="Tue 16:00",
        positions="AAA 20 @ 50 realised 0",
    ),
]

SPLITS = [*SPLITS_OF_POSITIONS, *SPLITS_OF_ORDERS]
