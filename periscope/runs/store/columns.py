"""Column types that mean the same in SQLite and in PostgreSQL."""

import json
from decimal import Decimal
from typing import Any

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from periscope.portfolio.exact import plain


class ExactDecimal(TypeDecorator[Decimal]):
    """A finite decimal as its plain digits. SQLite would make a float of a NUMERIC, and lose digits by it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """To text. A float is refused: it has lost digits already."""
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise TypeError(f"expected a Decimal, found {value!r}")
        if not value.is_finite():
            raise ValueError(f"expected a finite amount, found {value}")
        return format(plain(value), "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """From text."""
        return None if value is None else Decimal(value)


class JsonText(TypeDecorator[Any]):
    """A JSON document as text, byte for byte as it was written: no database reorders keys or rounds numbers."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """To text; NaN and infinities are refused. PostgreSQL takes no NUL, which is escaped in JSON."""
        return None if value is None else json.dumps(value, allow_nan=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """From text."""
        return None if value is None else json.loads(value)
