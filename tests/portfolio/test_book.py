"""The books: what each kind of change does to cash, to the position, and to the accounts."""

from decimal import Decimal

import pytest

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.instrument import Instrument
from periscope.portfolio.book import Book, Change, Position, trade
from periscope.portfolio.exact import ZERO
from periscope.portfolio.ledger import MEANING, Account, BooksUnbalancedError, Posting, balanced

AAA = Instrument(symbol="AAA", asset_type=AssetType.EQUITY, exchange="XNYS")
ESH4 = Instrument(
    symbol="ESH4", asset_type=AssetType.FUTURE, exchange="CME", tick=Decimal("0.25"), multiplier=Decimal(50), root="ES"
)


def filled(
    book: Book, instrument: Instrument, quantity: int, price: str, fee: str = "0", margin: int = 0
) -> tuple[Posting, ...]:
    """Book a fill after which so much must be deposited; its postings."""
    held = book.positions.get(instrument.key)
    change = trade(held, instrument, Decimal(quantity), Decimal(price), Decimal(fee))
    return book.apply(1, "a fill", instrument, change, Decimal(margin)).postings


def shown(book: Book) -> dict[str, str]:
    """Every account that is not empty."""
    return {name: f"{amount.normalize():f}" for name, amount in sorted(book.balances.items()) if amount != 0}


def test_a_round_trip_in_shares() -> None:
    """What was paid is a position at cost; what is closed leaves at its share of it."""
    book = Book()
    book.contribute(0, Decimal(5000))
    filled(book, AAA, 30, "100", "1")
    assert shown(book) == {"cash": "1999", "contributions": "-5000", "fees": "1", "position:AAA": "3000"}
    filled(book, AAA, -10, "110")
    assert shown(book) == {
        "cash": "3099",
        "contributions": "-5000",
        "fees": "1",
        "position:AAA": "2000",
        "realised:AAA": "-100",
    }
    filled(book, AAA, -30, "90")
    assert shown(book) == {
        "cash": "5799",
        "contributions": "-5000",
        "fees": "1",
        "position:AAA": "-900",
        "realised:AAA": "100",
    }
    assert sum(book.balances.values()) == 0


def test_a_future_is_settled_daily_and_its_average_price_stays() -> None:
    """Settlement moves the result to cash, and close-out realises all of it against the traded price."""
    book = Book()
    book.contribute(0, Decimal(5000))
    filled(book, ESH4, 2, "5000", "4")
    entry = book.settle(1, ESH4, Decimal(5010))
    assert entry.postings == (("cash", Decimal(1000)), ("unrealised:ESH4", Decimal(-1000)))
    held = book.positions[ESH4.key]
    assert (held.average_price, held.settled) == (Decimal(5000), Decimal(1000))
    assert held.worth_at(Decimal(5012)) == 200
    filled(book, ESH4, -1, "5013")
    assert shown(book) == {
        "cash": "6146",
        "contributions": "-5000",
        "fees": "4",
        "realised:ESH4": "-650",
        "unrealised:ESH4": "-500",
    }
    filled(book, ESH4, -2, "4990")
    assert shown(book) == {"cash": "5146", "contributions": "-5000", "fees": "4", "realised:ESH4": "-150"}
    assert book.positions[ESH4.key] == Position(ESH4, Decimal(-1), Decimal(-249500))


def test_margin_is_deposited_from_cash_and_given_back() -> None:
    """It is the account's own money: cash in all is what it was, less fees."""
    book = Book()
    book.contribute(0, Decimal(50_000))
    opened = filled(book, ESH4, 2, "5000", "4", margin=26_400)
    assert opened == (("cash", Decimal(-26_404)), ("margin:ESH4", Decimal(26_400)), ("fees", Decimal(4)))
    raised = book.deposit(2, ESH4, Decimal(30_000))
    assert (raised.reason, raised.postings) == (
        "margin of ESH4 raised to 30000",
        (("cash", Decimal(-3600)), ("margin:ESH4", Decimal(3600))),
    )
    assert book.deposit(3, ESH4, Decimal(24_000)).reason == "margin of ESH4 lowered to 24000"
    assert book.cash == 49_996
    assert book.margin(ESH4) == 24_000
    filled(book, ESH4, -5, "5000", margin=36_000)
    assert shown(book) == {"cash": "13996", "contributions": "-50000", "fees": "4", "margin:ESH4": "36000"}
    filled(book, ESH4, 3, "5000")
    assert shown(book) == {"cash": "49996", "contributions": "-50000", "fees": "4"}
    assert not book.deposits


def test_margin_that_does_not_fit_stops_the_run() -> None:
    """None may be left for what is flat, and cash and margin must be the portfolio's cash together."""
    book = Book()
    filled(book, ESH4, 2, "5000", margin=2000)
    twin = book.fork()
    with pytest.raises(BooksUnbalancedError, match="margin is left for ESH4"):
        filled(book, ESH4, -2, "5000", margin=1)
    twin.balances["margin:ESH4"] -= 1
    with pytest.raises(BooksUnbalancedError, match="cash is not what the accounts say"):
        twin.contribute(2, Decimal(5))


def test_shares_have_no_margin() -> None:
    """Whatever the account requires of them."""
    book = Book()
    assert filled(book, AAA, 30, "100", margin=1500) == (("cash", Decimal(-3000)), ("position:AAA", Decimal(3000)))


def test_dividends_are_received_by_long_and_paid_by_short_positions() -> None:
    """On the units held at the close before; the position does not change."""
    book = Book()
    filled(book, AAA, 30, "100")
    book.dividend(1, AAA, Decimal(30), Decimal("0.24"))
    book.dividend(2, AAA, Decimal(-10), Decimal("0.24"))
    assert shown(book) == {
        "cash": "-2995.2",
        "dividends_paid:AAA": "2.4",
        "dividends_received:AAA": "-7.2",
        "position:AAA": "3000",
    }
    assert book.positions[AAA.key].quantity == 30


def test_a_split_changes_units_and_not_cost() -> None:
    """The entry moves no money; a fraction is sold like anything else."""
    book = Book()
    filled(book, AAA, 15, "100")
    assert book.resize(1, AAA, Decimal("22.5"), "split of AAA 3:2").postings == ()
    filled(book, AAA, -1, "70")
    assert book.positions[AAA.key].quantity == Decimal("21.5")
    assert book.positions[AAA.key].average_price == Decimal("66.6666666667")
    with pytest.raises(AssertionError):
        book.resize(2, AAA, Decimal(-5), "nonsense")


def test_interest_and_borrow_fees_have_accounts_of_their_own() -> None:
    """Cash moves, the position stays."""
    book = Book()
    book.pay(1, "interest", Account.INTEREST_PAID, Decimal("-1.5"))
    book.pay(2, "borrow fee of AAA", "borrow_fees:AAA", Decimal("-0.25"))
    assert shown(book) == {"borrow_fees:AAA": "0.25", "cash": "-1.75", "interest_paid": "1.5"}


def test_what_does_not_add_up_is_refused() -> None:
    """An unbalanced entry, and one that does not fit the position that it leaves."""
    with pytest.raises(BooksUnbalancedError, match="do not add up"):
        balanced(0, "nonsense", (("cash", Decimal(1)), ("fees", Decimal(1))))
    wrong = Change(Position(AAA, Decimal(1), Decimal(90)), Decimal(-100), ZERO, Decimal(100), ZERO, ZERO)
    with pytest.raises(BooksUnbalancedError, match="the position in AAA"):
        Book().apply(1, "a wrong fill", AAA, wrong)


def test_a_fork_leaves_the_book_as_it_is() -> None:
    """Cash, positions and balances."""
    book = Book()
    book.contribute(0, Decimal(100))
    twin = book.fork()
    filled(twin, AAA, 1, "50")
    assert book.cash == 100
    assert not book.positions
    assert shown(book) == {"cash": "100", "contributions": "-100"}
    assert twin.cash == 50


def test_every_account_has_a_meaning() -> None:
    """In the order of the enum, for the docs."""
    assert list(MEANING) == list(Account)
