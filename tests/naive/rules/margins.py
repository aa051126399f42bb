"""Margin in the ledger: what is deposited for open futures, entry by entry (rule 25).

ESH4 needs 1000 dollars a contract to be opened and 900 to be kept, and has 50 dollars a point. `ledger` lists every
entry after the money was put in: plus is a debit, minus a credit.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from periscope.engine.settings import AccountName, MarginCallPolicy
from periscope.instruments.instrument import MarginPeriod
from tests.naive.rules.script import AAA, BBB, ESH4, Rule, at

MARGIN = {"account": AccountName.MARGIN}
ESM4 = replace(ESH4, symbol="ESM4", initial_margin=Decimal(1200))
EXPIRING = replace(ESH4, expires_at=at("Tue 09:30"))
UNKNOWN = replace(ESH4, initial_margin=None, maintenance_margin=None)
BY_DATE = replace(
    ESH4,
    margins=(
        MarginPeriod(first_day=date(2024, 1, 22), initial=Decimal(1000), maintenance=Decimal(900)),
        MarginPeriod(first_day=date(2024, 1, 23), initial=Decimal(1500), maintenance=Decimal(1300)),
        MarginPeriod(first_day=date(2024, 1, 24), initial=Decimal(1100), maintenance=Decimal(1000)),
    ),
)
"""1000 a contract on Monday, 1500 on Tuesday, 1100 from Wednesday on."""

MARGINS = [
    Rule(
        name="margin: two contracts bought: their initial margin goes from cash to the account margin",
        settings=MARGIN,
        bars="ESH4 09:30 4800 4801 4799 4800",
        steps="""
            start   1: BUY 2 on ESH4              | 09:30 1 WORKING
                                                  | 09:30 1 FILLED 2 @ 4800
        """,
        ledger="09:30   cash -2000, margin:ESH4 2000",
        cash="1000000",
        value="1000000",
    ),
    Rule(
        name="margin: a cash account deposits the same, and a short position as much as a long one",
        bars="ESH4 09:30 4800 4801 4799 4800",
        steps="""
            start   1: SELL 2 on ESH4             | 09:30 1 WORKING
                                                  | 09:30 1 FILLED 2 @ 4800
        """,
        ledger="09:30   cash -2000, margin:ESH4 2000",
    ),
    Rule(
        name="margin: added to, reduced and closed: each fill deposits or gives back the margin of its contracts",
        bars="""
            ESH4 09:30 4800 4801 4799 4800
            ESH4 09:31 4810 4811 4809 4810
            ESH4 09:32 4820 4821 4819 4820
            ESH4 09:33 4800 4801 4799 4800
        """,
        steps="""
            start   1: BUY 2 on ESH4              | 09:30 1 WORKING
                                                  | 09:30 1 FILLED 2 @ 4800
            09:31   2: BUY 1 on ESH4              | 09:31 2 WORKING
                                                  | 09:31 2 FILLED 1 @ 4810
            09:32   3: SELL 2 on ESH4             | 09:32 3 WORKING
                                                  | 09:32 3 FILLED 2 @ 4820
            09:33   4: SELL_TO_CLOSE 1 on ESH4    | 09:33 4 WORKING
                                                  | 09:33 4 FILLED 1 @ 4800
        """,
        ledger="""
            09:30   cash -2000, margin:ESH4 2000
            09:31   cash -1000, margin:ESH4 1000
            09:32   cash 3666.666666666667, margin:ESH4 -2000, realised:ESH4 -1666.666666666667
            09:33   cash 833.333333333333, margin:ESH4 -1000, realised:ESH4 166.666666666667
        """,
    ),
    Rule(
        name="margin: from long to short: what is deposited is that of the short contracts",
        bars="""
            ESH4 09:30 4800 4801 4799 4800
            ESH4 09:31 4810 4811 4809 4810
        """,
        steps="""
            start   1: BUY 2 on ESH4              | 09:30 1 WORKING
                                                  | 09:30 1 FILLED 2 @ 4800
            09:31   2: SELL 5 on ESH4             | 09:31 2 WORKING
                                                  | 09:31 2 FILLED 5 @ 4810
        """,
        ledger="""
            09:30   cash -2000, margin:ESH4 2000
            09:31   margin:ESH4 1000, realised:ESH4 -1000
        """,
    ),
    Rule(
        name="margin: other margins on the next trading day: deposited and given back when the session is settled",
        instruments=(BY_DATE,),
        bars="""
            ESH4 16:58 4800 4801 4799 4800
            ESH4 16:59 4800 4811 4799 4810
            ESH4 Tue 16:59 4810 4811 4799 4810
        """,
        steps="""
            16:59   1: BUY 2 on ESH4              | 16:59 1 WORKING
                                                  | 16:59 1 FILLED 2 @ 4800
        """,
        ledger="""
            16:59       cash -2000, margin:ESH4 2000
            17:00       cash 1000, unrealised:ESH4 -1000
            17:00       cash -1000, margin:ESH4 1000
            Tue 17:00   cash 800, margin:ESH4 -800
        """,
        cash="1001000",
        end="Tue 17:00",
    ),
    Rule(
        name="margin: a fill at the close deposits what the next trading day asks for, for all contracts",
        instruments=(BY_DATE,),
        bars="""
            ESH4 16:58 4800 4801 4799 4800
            ESH4 16:59 4800 4801 4790 4800
        """,
        steps="""
            start   1: BUY 1 on ESH4              | 09:30 1 WORKING
                                                  | 16:58 1 FILLED 1 @ 4800
            16:59   2: BUY 1 LIMIT 4795 on ESH4   | 16:59 2 WORKING
                                                  | 17:00 2 FILLED 1 @ 4795
        """,
        ledger="""
            16:58   cash -1000, margin:ESH4 1000
            17:00   cash -2000, margin:ESH4 2000
            17:00   cash 250, unrealised:ESH4 -250
        """,
        end="17:00",
    ),
    Rule(
        name="margin: at expiry all of it is given back",
        instruments=(EXPIRING,),
        bars="""
            ESH4 16:58 4800 4801 4799 4800
            ESH4 16:59 4800 4811 4799 4810
            ESH4 Tue 09:29 4820 4821 4819 4820
        """,
        steps="""
            16:59   1: BUY 2 on ESH4              | 16:59 1 WORKING
                                                  | 16:59 1 FILLED 2 @ 4800
                                                  | Tue 09:30 expired ESH4
        """,
        ledger="""
            16:59       cash -2000, margin:ESH4 2000
            17:00       cash 1000, unrealised:ESH4 -1000
            Tue 09:30   cash 3000, margin:ESH4 -2000, realised:ESH4 -2000, unrealised:ESH4 1000
        """,
        end="Tue 10:00",
    ),
    Rule(
        name="margin: a margin call that liquidates gives back the margin of the contract that it sells",
        settings={**MARGIN, "on_margin_call": MarginCallPolicy.LIQUIDATE},
        money="2100",
        bars="""
            ESH4 09:30 4800 4801 4799 4800
            ESH4 09:31 4800 4801 4795 4796
            ESH4 09:32 4796 4797 4795 4796
        """,
        steps="""
            start   1: BUY 2 on ESH4              | 09:30 1 WORKING
                                                  | 09:30 1 FILLED 2 @ 4800
                                                  | 09:32 2 WORKING
                                                  | 09:32 2 FILLED 1 @ 4796
        """,
        ledger="""
            09:30   cash -2000, margin:ESH4 2000
            09:32   cash 800, margin:ESH4 -1000, realised:ESH4 200
        """,
        issues="MARGIN_CALL",
    ),
    Rule(
        name="margin: rolled to the next contract: each contract has an account and a margin of its own",
        instruments=(ESH4, ESM4),
        bars="""
            ESH4 09:30 4800 4801 4799 4800
            ESM4 09:30 4850 4851 4849 4850
            ESH4 09:31 4800 4801 4799 4800
            ESM4 09:31 4850 4851 4849 4850
        """,
        steps="""
            start   1: BUY 2 on ESH4              | 09:30 1 WORKING
                                                  | 09:30 1 FILLED 2 @ 4800
            09:31   2: SELL_TO_CLOSE 2 on ESH4    | 09:31 2 WORKING
            09:31   3: BUY 2 on ESM4              | 09:31 3 WORKING
                                                  | 09:31 2 FILLED 2 @ 4800
                                                  | 09:31 3 FILLED 2 @ 4850
        """,
        ledger="""
            09:30   cash -2000, margin:ESH4 2000
            09:31   cash 2000, margin:ESH4 -2000
            09:31   cash -2400, margin:ESM4 2400
        """,
    ),
    Rule(
        name="margin: where it is not known no order is taken, so that none is deposited",
        instruments=(UNKNOWN,),
        bars="ESH4 09:30 4800 4801 4799 4800",
        steps="start   1: BUY 2 on ESH4  | 09:30 1 REJECTED MARGIN_UNKNOWN",
        ledger="",
    ),
    Rule(
        name="margin: shares never have any, on credit or short",
        settings=MARGIN,
        instruments=(AAA, BBB),
        money="1500",
        bars="""
            09:30 100 101 99 100
            BBB 09:30 100 101 99 100
        """,
        steps="""
            start   1: BUY 20                     | 09:30 1 WORKING
            start   2: SELL 5 on BBB              | 09:30 2 WORKING
                                                  | 09:30 1 FILLED 20 @ 100
                                                  | 09:30 2 FILLED 5 @ 100
        """,
        ledger="""
            09:30   cash -2000, position:AAA 2000
            09:30   cash 500, position:BBB -500
        """,
    ),
]
