"""Subscriptions, the timer, hours and expiry (rules 1, 2, 9 to 12)."""

from dataclasses import replace
from decimal import Decimal

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from tests.naive.rules.script import AAA, BBB, ESH4, Rule, at

EXPIRING = (AAA, BBB, replace(ESH4, expires_at=at("10:00")))
DELISTED = (AAA, replace(AAA, symbol="OLD", asset_type=AssetType.ETF, expires_at=at("10:00")), ESH4)

STREAMS = [
    Rule(
        name="a registration starts with the next bar that starts now or later; history is not replayed",
        registers=False,
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
            09:32 100 101 99 100
            09:33 100 101 99 100
        """,
        steps="""
            start   timer 90                | 09:31:30 timer
            timer   register minute         | 09:33 bar AAA 09:32
                                            | 09:33 timer
                                            | 09:34 bar AAA 09:33
        """,
        end="09:34",
    ),
    Rule(
        name="registering twice does nothing; unregistering ends the stream at once",
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
            09:32 100 101 99 100
        """,
        steps="""
            start   register minute         | 09:31 bar AAA 09:30
            09:32   unregister minute       | 09:32 bar AAA 09:31
            09:32   unregister minute       |
        """,
        issues="DUPLICATE_REGISTRATION NOT_REGISTERED",
    ),
    Rule(
        name="a bar that is about to be told at this instant is not told to a stream that just ended",
        bars="""
            09:30 100 101 99 100
            BBB 09:30 100 101 99 100
        """,
        steps="""
            09:31   unregister minute on BBB    | 09:31 bar AAA 09:30
        """,
    ),
    Rule(
        name="a stream that is registered again is a new one: it starts over with the next bar",
        bars="""
            09:30 100 101 99 100
            09:31 100 101 99 100
            hour 10:00 100 101 99 100
        """,
        steps="""
            09:31   unregister minute           | 09:31 bar AAA 09:30
            09:31   register minute             | 09:32 bar AAA 09:31
                                                | 11:00 bar AAA 10:00
        """,
    ),
    Rule(
        name="what cannot be registered is an issue",
        instruments=(*EXPIRING[:2], replace(ESH4, expires_at=at("09:30"))),
        bars="""
            09:30 100 101 99 100
            BBB 09:30 100 101 99 100
        """,
        steps="""
            start   register minute on ZZZ          |
            start   register second                 |
            start   quotes                          |
            start   register minute on BBB          |
            start   unregister day                  |
            start   register minute on ESH4         |
        """,
        issues="UNKNOWN_SYMBOL SPAN_NOT_AVAILABLE QUOTES_DISABLED DUPLICATE_REGISTRATION NOT_REGISTERED "
        "EXPIRED_INSTRUMENT",
    ),
    Rule(
        name="the timer fires at now plus k steps, in and out of sessions; registering again replaces it",
        bars="""
            15:59 100 101 99 100
        """,
        steps="""
            start   timer 22000                 | 15:36:40 timer
            16:00   timer 1200                  | 16:20 timer
                                                | 16:40 timer
        """,
        end="16:59",
    ),
    Rule(
        name="regular hours: bars before the open are neither told nor traded",
        settings={"start": at("08:00")},
        bars="""
            08:30 90 91 89 90
            09:30 100 101 99 100
        """,
        steps="""
            start   1: BUY 10            | 08:00 1 WORKING
                                         | 09:30 1 FILLED 10 @ 100
                                         | 09:31 bar AAA 09:30
        """,
    ),
    Rule(
        name="extended hours: they are",
        settings={"start": at("08:00"), "extended_hours": True},
        bars="""
            08:30 90 91 89 90
            09:30 100 101 99 100
        """,
        steps="""
            start   1: BUY 10            | 08:00 1 WORKING
                                         | 08:30 1 FILLED 10 @ 90
                                         | 08:31 bar AAA 08:30
                                         | 09:31 bar AAA 09:30
        """,
    ),
    Rule(
        name="the window holds bars that start and end in it",
        settings={"start": at("09:31")},
        bars="""
            09:30 90 91 89 90
            09:31 100 101 99 100
            09:32 110 111 109 110
        """,
        steps="""
            start   1: BUY 10 STOP 105     | 09:31 1 WORKING
                                           | 09:32 bar AAA 09:31
        """,
        end="09:32:59",
    ),
    Rule(
        name="orders meet the finest bars of the catalog, whatever is registered",
        registers=False,
        bars="""
            hour 10:00 100 105 95 101
            10:00 100 101 99 100
            10:30 103 105 95 103
        """,
        steps="""
            start   register hour            | 09:30 1 WORKING
            start   1: BUY 1 STOP 104        | 10:31 1 FILLED 1 @ 104
                                             | 11:00 bar AAA 10:00
        """,
    ),
    Rule(
        name="a future expires: orders first, then bars, then the event; its position is settled at the last price",
        instruments=EXPIRING,
        bars="""
            ESH4 09:30 5000 5001 4999 5000
            ESH4 09:59 5008 5012 5007 5010
            10:00 100 101 99 100
        """,
        steps="""
            start       1: BUY 1 on ESH4               | 09:30 1 WORKING
            start       2: BUY 1 LIMIT 4000 on ESH4    | 09:30 2 WORKING
            expiration  look on ESH4                   | 09:30 1 FILLED 1 @ 5000
            expiration  3: BUY 1 on ESH4               | 09:31 bar ESH4 09:30
                                                       | 10:00 2 EXPIRED
                                                       | 10:00 bar ESH4 09:59
                                                       | 10:00 expired ESH4
                                                       | 10:00 3 REJECTED EXPIRED_INSTRUMENT
                                                       | 10:01 bar AAA 10:00
        """,
        sees="10:00 ESH4 flat",
        cash="1000500",
        positions="ESH4 0 realised 500",
    ),
    Rule(
        name="at its expiry an instrument takes no order any more, even before the event",
        instruments=EXPIRING,
        bars="ESH4 09:59 5008 5012 5007 5010",
        steps="""
            10:00    1: BUY 1 on ESH4          | 10:00 1 REJECTED EXPIRED_INSTRUMENT
                                               | 10:00 expired ESH4
        """,
    ),
    Rule(
        name="without a registration the position is settled silently, and without a fee",
        instruments=EXPIRING,
        registers=False,
        bars="""
            ESH4 09:30 5000 5001 4999 5000
            ESH4 09:59 4998 4998 4990 4990
            10:00 100 101 99 100
        """,
        steps="""
            start    register minute           | 09:30 1 WORKING
            start    1: SELL 2 on ESH4         | 09:30 1 FILLED 2 @ 5000
            10:01    look on ESH4              |
        """,
        sees="10:01 ESH4 flat",
        cash="1001000",
    ),
    Rule(
        name="an equity that stops trading is closed at its last price; a fill at that instant still counts",
        instruments=DELISTED,
        bars="""
            OLD 09:30 100 101 99 100
            OLD 09:59 96 97 95 95.5
        """,
        steps="""
            start    1: BUY 10 on OLD             | 09:30 1 WORKING
            start    2: BUY 10 LIMIT 95.5 on OLD  | 09:30 2 WORKING
            start    3: BUY 10 LIMIT 9 DAY on OLD | 09:30 3 WORKING
                                                  | 09:30 1 FILLED 10 @ 100
                                                  | 10:00 2 FILLED 10 @ 95.5
                                                  | 10:00 3 EXPIRED
                                                  | 10:00 expired OLD
        """,
        cash="999955",
        positions="OLD 0 realised -45",
    ),
    Rule(
        name="of a bar that ends after the expiry only the open is traded",
        instruments=(AAA, BBB, replace(ESH4, expires_at=at("10:00:30"))),
        settings={"participation": Decimal(1)},
        bars="""
            ESH4 09:59 5008 5012 5007 5010
            ESH4 10:00 5000 5012 4900 5010
        """,
        steps="""
            10:00    1: BUY 1 on ESH4             | 10:00 1 WORKING
            10:00    2: BUY 1 LIMIT 4950 on ESH4  | 10:00 2 WORKING
                                                  | 10:00 1 FILLED 1 @ 5000
                                                  | 10:00:30 2 EXPIRED
                                                  | 10:00:30 expired ESH4
        """,
        end="10:30",
    ),
    Rule(
        name="orders meet the bars of the span that core.execution_span names, though there are finer ones",
        settings={"execution_span": BarTimeSpan.HOUR},
        registers=False,
        bars="""
            hour 10:00 100 105 95 101
            10:00 100 101 99 100
            10:30 103 105 95 103
        """,
        steps="""
            start   register hour            | 09:30 1 WORKING
            start   1: BUY 1 STOP 104        | 11:00 1 FILLED 1 @ 104
                                             | 11:00 bar AAA 10:00
        """,
    ),
]
