"""Futures through the same rules: limits, stops, times in force, margins by date and what a point is worth.

ESH4 has a tick of 0.25, 50 dollars a point, 1000 dollars of initial and 900 of maintenance margin.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from periscope.execution.fees import PerContract
from periscope.instruments.instrument import MarginPeriod
from tests.naive.rules.script import ESH4, Rule

RISING = replace(
    ESH4,
    margins=(
        MarginPeriod(first_day=date(2024, 1, 1), initial=Decimal(1000), maintenance=Decimal(900)),
        MarginPeriod(first_day=date(2024, 1, 23), initial=Decimal(3000), maintenance=Decimal(2900)),
    ),
)
"""From Tuesday on it asks for three times as much."""

FUTURES = [
    Rule(
        name="futures: a buy limit fills at a better open, else at its limit where the bar trades through it",
        bars="""
            ESH4 09:30 4800 4801 4799 4800
            ESH4 09:31 4797 4801 4796 4800
            ESH4 09:32 4800 4801 4795 4800
        """,
        steps="""
            09:31   1: BUY 1 LIMIT 4798 on ESH4     | 09:31 1 WORKING
            09:31   2: BUY 1 LIMIT 4795.25 on ESH4  | 09:31 2 WORKING
                                                    | 09:31 1 FILLED 1 @ 4797
                                                    | 09:33 2 FILLED 1 @ 4795.25
        """,
        net="1 -239850, 2 -239762.5",
    ),
    Rule(
        name="futures: a stop fills at its price, or at an open beyond it; a point is worth 50 dollars, less the fees",
        settings={"fees": PerContract(Decimal("2.15"))},
        bars="""
            ESH4 09:30 4800 4801 4799 4800
            ESH4 09:31 4800 4811 4799 4810
            ESH4 09:32 4805 4806 4790 4795
            ESH4 09:33 4780 4781 4779 4780
        """,
        steps="""
            09:31   1: BUY 2 STOP 4810 on ESH4      | 09:31 1 WORKING
            09:31   2: SELL 1 STOP 4795 on ESH4     | 09:31 2 WORKING
            09:31   3: SELL 1 STOP 4785 on ESH4     | 09:31 3 WORKING
                                                    | 09:32 1 FILLED 2 @ 4810
                                                    | 09:33 2 FILLED 1 @ 4795
                                                    | 09:33 3 FILLED 1 @ 4780
        """,
        positions="ESH4 0 realised -2250",
        net="1 -481004.3, 2 239747.85, 3 238997.85",
        cash="997741.4",
    ),
    Rule(
        name="futures: a stop limit that is touched inside a bar on an uncertain path is a limit from the next one on",
        bars="""
            ESH4 09:30 4800 4801 4799 4800
            ESH4 09:31 4800 4812 4799 4811
            ESH4 09:32 4811 4812 4807 4808
        """,
        steps="""
            09:31   1: BUY 1 STOP 4810 LIMIT 4808 on ESH4  | 09:31 1 WORKING
                                                           | 09:33 1 FILLED 1 @ 4808
        """,
    ),
    Rule(
        name="futures: prices between two ticks are moved away from the market",
        bars="""
            ESH4 09:30 4800 4801 4799 4800
            ESH4 09:31 4800 4812 4790 4800
        """,
        steps="""
            09:31   1: BUY 1 LIMIT 4795.10 on ESH4  | 09:31 1 WORKING
            09:31   2: BUY 1 STOP 4805.10 on ESH4   | 09:31 2 WORKING
                                                    | 09:32 2 FILLED 1 @ 4805.25
                                                    | 09:32 1 FILLED 1 @ 4795
        """,
    ),
    Rule(
        name="futures: IOC and FOK at the first price",
        settings={"participation": Decimal("0.1")},
        bars="""
            ESH4 09:30 4800 4801 4799 4800 30
            ESH4 09:31 4799 4801 4790 4800 30
        """,
        steps="""
            09:31   1: BUY 5 LIMIT 4800 IOC on ESH4  | 09:31 1 WORKING
            09:31   2: BUY 1 LIMIT 4798 IOC on ESH4  | 09:31 2 WORKING
            09:31   3: BUY 1 FOK on ESH4             | 09:31 3 WORKING
                                                     | 09:31 1 WORKING 3 @ 4799
                                                     | 09:31 1 CANCELLED 3
                                                     | 09:31 2 CANCELLED
                                                     | 09:31 3 CANCELLED
        """,
    ),
    Rule(
        name="futures: GTX ends before the price of the session's close; DAY may still fill at that moment",
        bars="""
            ESH4 16:58 4800 4801 4799 4800
            ESH4 16:59 4800 4801 4790 4800
        """,
        steps="""
            16:59   1: BUY 1 LIMIT 4795 GTX on ESH4  | 16:59 1 WORKING
            16:59   2: BUY 1 LIMIT 4795 DAY on ESH4  | 16:59 2 WORKING
                                                     | 17:00 2 FILLED 1 @ 4795
                                                     | 17:00 1 EXPIRED
        """,
        end="17:00",
    ),
    Rule(
        name="futures: a contract more than the margin allows is refused; what rests counts",
        bars="ESH4 09:30 4800 4801 4799 4800",
        money="2999",
        steps="""
            start   1: BUY 1 LIMIT 4700 on ESH4     | 09:30 1 WORKING
            start   2: BUY 2 on ESH4                | 09:30 2 REJECTED OUT_OF_CASH
            start   3: BUY 1 on ESH4                | 09:30 3 WORKING
            start   4: SELL 2 on ESH4               | 09:30 4 WORKING
                                                    | 09:30 3 FILLED 1 @ 4800
                                                    | 09:30 4 FILLED 2 @ 4800
        """,
        positions="ESH4 -1 @ 4800 realised 0",
    ),
    Rule(
        name="futures: the margins of the trading day count: from Tuesday's session on there is not enough to keep two",
        instruments=(RISING,),
        bars="""
            ESH4 16:58 4800 4801 4799 4800
            ESH4 16:59 4800 4801 4799 4800
            ESH4 18:00 4800 4801 4799 4800
            ESH4 18:01 4800 4801 4799 4800
        """,
        money="5000",
        steps="""
            16:59   1: BUY 2 on ESH4                | 16:59 1 WORKING
                                                    | 16:59 1 FILLED 2 @ 4800
            18:01   2: BUY 1 on ESH4                | 18:01 2 REJECTED OUT_OF_CASH
            18:01   3: SELL_TO_CLOSE 1 on ESH4      | 18:01 3 WORKING
                                                    | 18:01 3 FILLED 1 @ 4800
        """,
        issues="MARGIN_CALL OUT_OF_CASH",
        end="18:02",
    ),
]
