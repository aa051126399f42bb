"""Tokens: who may use the API. All of it needs the scope `admin`."""

from typing import Annotated, Any

from fastapi import Path
from pydantic import Field

from periscope.runs.documents import token_document
from periscope.runs.store.refusals import Refused
from periscope.runs.store.token_rows import MOST_DAYS, Scope
from periscope.server.context import Here
from periscope.server.models import Model, Moment, Page
from periscope.server.paging import PagingHere, page
from periscope.server.problems import ProblemError, refuse
from periscope.server.routing import answer_not_kept, needs, new_router

router = new_router("tokens")

_NAME = r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$"


class TokenLine(Model):
    """A token, without its secret."""

    name: str
    scope: Scope
    created_at: Moment
    expires_at: Moment | None = Field(description="null: never")
    expired: bool
    used_on: str | None = Field(description="The last day of use, UTC")


class TokenMade(TokenLine):
    """A new token with its secret."""

    secret: str = Field(description="Shown this once")


class NewToken(Model):
    """What a new token is to be."""

    name: str = Field(pattern=_NAME)
    scope: Scope = Scope.READ
    days: int | None = Field(None, strict=True, ge=1, le=MOST_DAYS, description="How long it is good; null: for ever")


@router.get("/tokens", response_model=Page[TokenLine])
@needs(Scope.ADMIN)
def list_tokens(here: Here, paging: PagingHere) -> dict[str, Any]:
    """Tokens, without their secrets."""
    found = here.store.tokens.all(after=paging.number("tokens") or 0, limit=paging.limit)
    return page("tokens", [token_document(token) for token in found], paging.following(found, lambda last: last.id))


@router.post("/tokens", response_model=TokenMade, status_code=201)
@needs(Scope.ADMIN)
@answer_not_kept
def create_token(here: Here, new: NewToken) -> dict[str, Any]:
    """Make a token. Its secret is in this answer, and nowhere else."""
    made = here.store.tokens.create(new.name, new.scope, days=new.days)
    if isinstance(made, Refused):
        refuse(made)
    token, secret = made
    return token_document(token) | {"secret": secret}


@router.delete("/tokens/{name}", status_code=204)
@needs(Scope.ADMIN)
def delete_token(here: Here, name: Annotated[str, Path(pattern=_NAME)]) -> None:
    """Take a token away. What it was used for goes on."""
    if not here.store.tokens.delete(name):
        raise ProblemError("TOKEN_NOT_FOUND", f"there is no token {name!r}")
