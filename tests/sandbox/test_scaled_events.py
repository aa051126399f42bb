"""Prices and volumes of a block, made into Decimals in the strategy's process."""

import random
from array import array
from collections.abc import Callable
from decimal import Decimal

from periscope.instruments.scaling import Scaling
from periscope.sandbox.inside import wire
from periscope.sandbox.inside.events import EventFactory

MINUTE = 60_000_000


def shown(price: Scaling, volume: Scaling, values: list[int], size: int) -> tuple[list[Decimal], Decimal | None]:
    """Four prices and a volume of one bar, as a strategy sees them."""
    rows = [(each.digits, str(each.numerator), str(each.denominator), each.places) for each in (price, volume)]
    numbers = array("q", [0, MINUTE, 1, *values, size])
    factory = EventFactory()
    factory.load(wire.BlockHead(1, [wire.stream_row(1, "AAA", "EQUITY", *rows)]), memoryview(numbers.tobytes()))
    (event,) = factory.events(0, 1)
    bar = event.bar
    return [bar.open, bar.high, bar.low, bar.close], bar.volume


def test_it_reckons_as_the_engine_does(cases: Callable[..., int]) -> None:
    dice = random.Random(11)
    for _ in range(cases(2_000, full=200_000)):
        places = dice.choice([None, 6, 2])
        denominator = 2 ** dice.randrange(9) * 5 ** dice.randrange(9) if places is None else dice.randint(1, 10**12)
        price = Scaling(dice.randrange(9), dice.randint(1, 10**15), denominator, places)
        volume = Scaling(dice.randrange(4), dice.randint(1, 50), dice.randint(1, 50), 6)
        values = [dice.randint(-(10**12), 10**12) for _ in range(4)]
        size = dice.choice([-1, dice.randint(0, 10**12)])
        prices, traded = shown(price, volume, values, size)
        assert prices == [price.price(value) for value in values], (price, values)
        assert traded == (None if size < 0 else volume.price(size)), (volume, size)


def test_a_seven_for_one_split_shows_start_shares() -> None:
    prices, volume = shown(Scaling(2, 7, 1, 6), Scaling(0, 1, 7, 6), [9_225, 9_300, 9_200, 9_270], 1_000)
    assert prices == [Decimal(text) for text in ("645.75", "651", "644", "648.9")]
    assert volume == Decimal("142.857143")
