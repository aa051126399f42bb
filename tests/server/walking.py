"""Every route of the description, with parameters filled in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Route:
    """One operation of the description."""

    method: str
    path: str
    operation: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def parameters(self) -> list[dict[str, Any]]:
        """Its parameters in path, query and headers."""
        return list(self.operation.get("parameters", []))

    @property
    def body_types(self) -> list[str]:
        """The media types of its body."""
        return list(self.operation.get("requestBody", {}).get("content", {}))

    def address(self, value: str | None = None) -> str:
        """The path below the base, with `value` (or a plausible one) for each of its parameters."""
        path = self.path
        for parameter in self.parameters:
            if parameter["in"] == "path":
                filled = plausible(parameter) if value is None else value
                path = path.replace(f"{{{parameter['name']}}}", quote(filled, safe=""))
        return path


def plausible(parameter: dict[str, Any]) -> str:
    """A value that a parameter may have."""
    schema = parameter["schema"]
    if schema.get("type") == "integer":
        return "1"
    if "enum" in schema:
        return str(schema["enum"][0])
    return "worker"


def routes(client: httpx.Client) -> list[Route]:
    """All routes that the server describes."""
    return list(_found(client.get("openapi.json").json()))


def _found(description: dict[str, Any]) -> Iterator[Route]:
    for path, item in description["paths"].items():
        for method in _METHODS:
            if method in item:
                yield Route(method, path, item[method])
