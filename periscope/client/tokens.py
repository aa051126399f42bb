"""Tokens: who may ask the server, for what, and how long."""

from collections.abc import Iterator
from datetime import date, datetime

from periscope.client.group import Group, at
from periscope.client.types import Page, Value


class TokenLine(Value, frozen=True):
    """A token without its secret. `used_on` is the last day of use, UTC."""

    name: str
    scope: str
    created_at: datetime
    expires_at: datetime | None
    expired: bool
    used_on: date | None


class TokenMade(TokenLine, frozen=True):
    """A new token with its secret, which is shown nowhere else and never again."""

    secret: str

    def __repr__(self) -> str:
        return f"<TokenMade {self.name}>"


class TokenCalls(Group):
    """Tokens; all of it takes the scope admin."""

    def list(self) -> Iterator[TokenLine]:
        """Every token, without its secret."""
        return self._pages(Page[TokenLine], "tokens")

    def create(self, name: str, scope: str = "read", *, days: int | None = None) -> TokenMade:
        """Make a token that may read, write or admin, for so many days or for ever."""
        body = {"name": name, "scope": scope, "days": days}
        return self._transport.ask(TokenMade, "POST", "tokens", json=body)

    def delete(self, name: str) -> None:
        """Take a token away."""
        self._transport.ask(type(None), "DELETE", at("tokens", name))
