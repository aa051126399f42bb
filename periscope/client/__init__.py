"""A client of Periscope's API: typed calls, exact numbers, errors with the server's codes."""

from periscope.client.client import Client
from periscope.client.errors import CLIENT_CODES, ApiError, Problem

__all__ = ["CLIENT_CODES", "ApiError", "Client", "Problem"]
