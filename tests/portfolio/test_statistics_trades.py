"""Round trips, first in first out: tables that can be checked by hand, and properties of random fills."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.shared_ipc.src.protocol import AssetType, Direction
from periscope.portfolio.trades import RoundTrips, round_trips


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A fill as a test writes it."""

    side_sign: int
    quantity: Decimal
    price: Decimal
    fee: Decimal = Decimal(0)
    filled_at: int = 0
    symbol: str = "SPY"
    asset_type: AssetType = AssetType.EQUITY
    multiplier: Decimal = Decimal(1)


def fills(text: str, *, multiplier: str = "1") -> list[Fill]:
    """`+100@10.00/0.30` is a buy of 100 at 10.00 with a fee of 0.30; the n-th fill happens at n."""
    made = []
    for number, word in enumerate(text.split()):
        trade, _, fee = word.partition("/")
        quantity, _, price = trade.partition("@")
        made.append(
            Fill(
                side_sign=1 if quantity.startswith("+") else -1,
                quantity=Decimal(quantity[1:]),
                price=Decimal(price),
                fee=Decimal(fee or "0"),
                filled_at=number,
                multiplier=Decimal(multiplier),
            )
        )
    return made


LONG, SHORT = Direction.LONG, Direction.SHORT

type Row = tuple[Direction, int, int, int, int, int, int, int | str, int | str]

TABLE: dict[str, tuple[str, list[Row], int]] = {
    # fills: [(direction, quantity, entry time, exit time, entry, exit, gross, fees, net)], open quantity left
    "nothing closed": ("+100@10/1", [], 100),
    "a long": ("+100@10/1 -100@12/1", [(LONG, 100, 0, 1, 10, 12, 200, 2, 198)], 0),
    "a short": ("-100@10 +100@12", [(SHORT, 100, 0, 1, 10, 12, -200, 0, -200)], 0),
    "a partial close takes its share of the opening fee": (
        "+100@10/1 -40@11/0.5",
        [(LONG, 40, 0, 1, 10, 11, 40, "0.9", "39.1")],
        60,
    ),
    "two lots, one close: the oldest first": (
        "+100@10/1 +100@20/1 -150@30/3",
        [(LONG, 100, 0, 2, 10, 30, 2000, 3, 1997), (LONG, 50, 1, 2, 20, 30, 500, "1.5", "498.5")],
        50,
    ),
    "a flip closes and opens": (
        "+100@10/1 -300@12/3 +200@11/2",
        [(LONG, 100, 0, 1, 10, 12, 200, 2, 198), (SHORT, 200, 1, 2, 12, 11, 200, 4, 196)],
        0,
    ),
    "thirds of a fee: rounded down, the last part takes the rest": (
        "+3@10/1 -1@10 -1@10 -1@10",
        [
            (LONG, 1, 0, 1, 10, 10, 0, "0.333333", "-0.333333"),
            (LONG, 1, 0, 2, 10, 10, 0, "0.333333", "-0.333333"),
            (LONG, 1, 0, 3, 10, 10, 0, "0.333334", "-0.333334"),
        ],
        0,
    ),
    "a rebate is split like a fee": (
        "+3@10/-1 -2@10 -1@10",
        [(LONG, 2, 0, 1, 10, 10, 0, "-0.666666", "0.666666"), (LONG, 1, 0, 2, 10, 10, 0, "-0.333334", "0.333334")],
        0,
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_round_trips_follow_first_in_first_out(case: str) -> None:
    text, expected, left = TABLE[case]
    book = RoundTrips()
    trades = [trade for fill in fills(text) for trade in book.add(fill)]
    got = [
        (
            t.direction,
            t.quantity,
            t.entry_time,
            t.exit_time,
            t.entry_price,
            t.exit_price,
            t.gross_pnl,
            t.fees,
            t.net_pnl,
        )
        for t in trades
    ]
    assert got == [
        (row[0], Decimal(row[1]), row[2], row[3], *(Decimal(value) for value in row[4:])) for row in expected
    ]
    assert sum(lot.quantity for lot in book.open_lots()) == left


def test_a_future_counts_its_multiplier_but_prices_stay_per_unit() -> None:
    (trade,) = round_trips(fills("-2@5000.25/4.20 +2@4990.00/4.20", multiplier="50"))
    assert (trade.entry_price, trade.exit_price) == (Decimal("5000.25"), Decimal("4990.00"))
    assert trade.gross_pnl == Decimal("1025.00")
    assert trade.net_pnl == Decimal("1016.60")


def test_symbols_and_asset_types_do_not_meet() -> None:
    book = RoundTrips()
    buy = Fill(side_sign=1, quantity=Decimal(1), price=Decimal(10))
    assert book.add(buy) == []
    assert book.add(Fill(side_sign=-1, quantity=Decimal(1), price=Decimal(10), symbol="QQQ")) == []
    assert book.add(Fill(side_sign=-1, quantity=Decimal(1), price=Decimal(10), asset_type=AssetType.FUTURE)) == []
    assert [lot.direction for lot in book.open_lots()] == [LONG, SHORT, SHORT]


@pytest.mark.parametrize(("side_sign", "quantity"), [(0, 1), (2, 1), (1, 0), (1, -1)])
def test_a_fill_that_makes_no_sense_is_refused(side_sign: int, quantity: int) -> None:
    book = RoundTrips()
    with pytest.raises(ValueError, match=r"side_sign|positive quantity"):
        book.add(Fill(side_sign=side_sign, quantity=Decimal(quantity), price=Decimal(10)))
    assert book.open_lots() == []


random_fills = st.lists(
    st.builds(
        Fill,
        side_sign=st.sampled_from([1, -1]),
        quantity=st.integers(1, 500).map(Decimal),
        price=st.decimals("0.01", "9999.99", places=2),
        fee=st.decimals("-1", "9", places=4),
        multiplier=st.just(Decimal(50)),
    ),
    max_size=40,
)


@given(random_fills)
def test_nothing_is_lost_between_fills_trades_and_open_lots(many: list[Fill]) -> None:
    book = RoundTrips()
    trades = [trade for fill in many for trade in book.add(fill)]
    lots = book.open_lots()
    net = sum((fill.side_sign * fill.quantity for fill in many), Decimal(0))
    assert sum((lot.quantity if lot.direction is LONG else -lot.quantity for lot in lots), Decimal(0)) == net
    assert len({lot.direction for lot in lots}) <= 1
    fees = sum((trade.fees for trade in trades), Decimal(0)) + sum((lot.fees for lot in lots), Decimal(0))
    assert fees == sum((fill.fee for fill in many), Decimal(0))


@given(random_fills, st.decimals("0.01", "9999.99", places=2))
def test_profit_of_trades_and_lots_is_the_money_that_moved(many: list[Fill], mark: Decimal) -> None:
    book = RoundTrips()
    closed = sum((trade.gross_pnl for fill in many for trade in book.add(fill)), Decimal(0))
    opened = sum(
        (
            (mark - lot.entry_price) * lot.quantity * 50 * (1 if lot.direction is LONG else -1)
            for lot in book.open_lots()
        ),
        Decimal(0),
    )
    moved = sum((-fill.side_sign * fill.quantity * fill.price * 50 for fill in many), Decimal(0))
    net = sum((fill.side_sign * fill.quantity for fill in many), Decimal(0))
    assert closed + opened == moved + net * mark * 50


@given(random_fills)
def test_the_net_result_is_gross_less_fees(many: list[Fill]) -> None:
    for trade in round_trips(many):
        assert trade.net_pnl == trade.gross_pnl - trade.fees
        assert trade.quantity > 0
