"""Tokens in the database: who may use the API, and what for. The secrets themselves are nowhere kept."""

import hashlib
import hmac
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from periscope.runs.store.clock import now
from periscope.runs.store.database import Database
from periscope.runs.store.refusals import Refused, StoreError
from periscope.runs.store.tables import tokens

PREFIX = "psk_"
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", re.ASCII)
MOST_DAYS = 3_650
_DAY = 86_400_000_000
_SECRET_BYTES = 32


class Scope(StrEnum):
    """What a token is for; each may do what those before it may."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def covers(self, wanted: "Scope") -> bool:
        """Whether this scope may do what `wanted` may."""
        order = list(Scope)
        return order.index(self) >= order.index(wanted)


@dataclass(frozen=True, slots=True)
class Token:
    """One token, without its secret.

    `created_at` and `expires_at` (None: never) in microseconds since 1970-01-01 UTC, `used_on` in days since then.
    """

    id: int
    name: str
    scope: Scope
    created_at: int
    expires_at: int | None
    used_on: int | None

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= now()


_FIELDS = (tokens.c.id, tokens.c.name, tokens.c.scope, tokens.c.created_at, tokens.c.expires_at, tokens.c.used_on)


class TokenRows:
    """All tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, scope: Scope, *, days: int | None = None) -> tuple[Token, str] | Refused:
        """A new token and its secret, which nobody can find out later; refused where the name is taken or none.

        It expires after so many days, if given.
        """
        if days is not None and not 0 < days <= MOST_DAYS:
            return Refused("TOKEN_DAYS", f"a token is good for 1 to {MOST_DAYS:,} days, or for ever")
        if not NAME.fullmatch(name):
            what = "a token's name has 1 to 100 letters, digits, dots, dashes and underscores, and begins with no dot"
            return Refused("TOKEN_NAME", what)
        secret = PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        created = now()
        expires = None if days is None else created + days * _DAY
        row = {"name": name, "hash": _hash(secret), "scope": scope.value, "created_at": created, "expires_at": expires}
        try:
            with self._database.write() as connection:
                connection.execute(tokens.insert().values(**row))
                found = connection.execute(select(*_FIELDS).where(tokens.c.name == name)).one()
        except IntegrityError:
            return Refused("TOKEN_EXISTS", f"there is a token {name!r} already", "delete it, or choose another name")
        return _token(found), secret

    def all(self, *, after: int = 0, limit: int | None = None) -> list[Token]:
        """Tokens by number, of those after the number `after` at most `limit`."""
        wanted = select(*_FIELDS).where(tokens.c.id > after).order_by(tokens.c.id).limit(limit)
        with self._database.read() as connection:
            return [_token(row) for row in connection.execute(wanted)]

    def are_there(self) -> bool:
        """Whether there is any token, expired ones included."""
        with self._database.read() as connection:
            return bool(connection.execute(select(func.count()).select_from(tokens)).scalar_one())

    def delete(self, name: str) -> bool:
        """Take a token away for good; returns whether there was one."""
        with self._database.write() as connection:
            return connection.execute(delete(tokens).where(tokens.c.name == name)).rowcount == 1

    def find(self, secret: str) -> Token | None:
        """The token with that secret, expired or not, and noted as used today."""
        wanted = select(*_FIELDS, tokens.c.hash).where(tokens.c.hash == _hash(secret))
        with self._database.read() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None or not hmac.compare_digest(row.hash, _hash(secret)):
            return None
        today = now() // _DAY
        if row.used_on != today:
            with suppress(StoreError), self._database.write() as connection:  # a full disk keeps nobody out
                connection.execute(update(tokens).where(tokens.c.id == row.id).values(used_on=today))
        return _token(row)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", errors="surrogateescape")).hexdigest()


def _token(row: Row[*tuple[object, ...]]) -> Token:
    values = {column.name: row._mapping[column.name] for column in _FIELDS}
    return Token(**{**values, "scope": Scope(values["scope"])})
