"""Types that several subjects share: names, numbers, pages."""

from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MOST_NUMBER = (1 << 31) - 1
"""PostgreSQL's integers end there."""


class Model(BaseModel):
    """A document of the API: nothing in it that its type does not name."""

    model_config = ConfigDict(extra="forbid")


class Page[Item](Model):
    """A part of a listing; `next` is what `after` continues with, null at the end."""

    items: list[Item]
    next: str | None


def _storable(text: str) -> str:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must hold no NUL and no lone surrogate")
    return text


Text = Annotated[str, AfterValidator(_storable)]
"""Any text that the database can be asked about."""

RunNumber = Annotated[int, Path(ge=1, le=MOST_NUMBER, description="The run's number")]
StrategyName = Annotated[Text, Path(min_length=1, max_length=200, description="The strategy's name")]
VersionNumber = Annotated[int, Path(ge=1, le=MOST_NUMBER, description="The version's number")]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"}, description="RFC 3339 UTC")]
Amount = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", description="An exact decimal")]
Document = dict[str, Any]
"""A JSON object whose form another page of the docs describes."""
