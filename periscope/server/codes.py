"""Every code that a refusal by the API can have, with its HTTP status and what to do; docs/rest.md has the table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiCode:
    """One kind of failure: the HTTP status, a title, and what to do about it."""

    status: int
    title: str
    mend: str


API_CODES: dict[str, ApiCode] = {
    "AMBIGUOUS_CONTRACT": ApiCode(422, "The name means several contracts", "say of which day, with `date`"),
    "BAD_NAME": ApiCode(422, "A strategy can't have that name", "use a letter, then letters, digits, _ and -"),
    "BAD_REQUEST": ApiCode(400, "The request can't be understood", "send what the API's description says"),
    "BARS_GONE": ApiCode(404, "The bars are in the data no longer", "import them again"),
    "BODY_INCOMPLETE": ApiCode(400, "The body ended before its end", "send it again"),
    "BODY_SLOW": ApiCode(408, "The body came too slowly", "send it again, or on a faster line"),
    "BODY_TOO_LARGE": ApiCode(413, "The body is too large", "send less at once; the limits are in docs/rest.md"),
    "BUNDLE_INVALID": ApiCode(422, "The strategy is not valid", "mend what `problems` names"),
    "CATALOG_BUSY": ApiCode(503, "Others were changing the data", "try again"),
    "CATALOG_CONFLICT": ApiCode(409, "What is to be stored contradicts what is", "look at what is stored"),
    "CATALOG_UNAVAILABLE": ApiCode(503, "The data can't be read now", "the server's log says why"),
    "CONFIG_INVALID": ApiCode(422, "The run's config is not valid", "docs/core-keys.md lists every core key"),
    "CURSOR_INVALID": ApiCode(422, "The cursor is none of this listing", "take `next` of the page before"),
    "DATES_REQUIRED": ApiCode(422, "It is not clear of when", "say `date`, or `from` and `to`"),
    "DISK_FULL": ApiCode(507, "There is no room left on the server's disk", "make room, and send it again"),
    "DRAFT_CHANGED": ApiCode(412, "It is not what you have seen", "read it again, and change what is there now"),
    "DRAFT_EXISTS": ApiCode(409, "The strategy has a draft already", "edit it, or delete it"),
    "DRAFT_FILE_EXISTS": ApiCode(
        428, "A change must say what its author has seen", "send If-Match with the tag, or with *"
    ),
    "DRAFT_FILE_NOT_FOUND": ApiCode(404, "The draft has no such file", "GET .../draft lists its files"),
    "DRAFT_NOT_FOUND": ApiCode(404, "The strategy has no draft", "POST .../draft starts one"),
    "HOST_REFUSED": ApiCode(421, "The server is not known by that name", "start it with --allow-host NAME"),
    "IDEMPOTENCY_IN_FLIGHT": ApiCode(409, "The same request is being worked on", "wait, and send it again"),
    "IDEMPOTENCY_KEY": ApiCode(422, "The idempotency key is none", "use 1 to 200 visible ASCII characters"),
    "IDEMPOTENCY_KEY_REUSED": ApiCode(422, "The key came with another request", "use a new key for a new request"),
    "IDEMPOTENCY_LOST": ApiCode(
        409, "The server ended while it worked on this", "look whether it was done; if not, use a new key"
    ),
    "IDEMPOTENCY_NOT_KEPT": ApiCode(409, "It was done, and the answer not kept", "ask for the resource itself"),
    "IMPORT_REFUSED": ApiCode(
        422, "The file can't be imported", "mend what `problems` names, or say more by parameters"
    ),
    "IMPORT_UNCLEAR": ApiCode(
        422, "The file does not tell all that is needed", "say by parameters what `problems` names"
    ),
    "INVALID": ApiCode(422, "The request is not valid", "mend what `problems` names"),
    "METHOD": ApiCode(405, "That can't be done with this resource", "the header Allow names what can"),
    "NOT_FOUND": ApiCode(404, "There is no such resource", "/api/v1/openapi.json describes what there is"),
    "NOT_JSON": ApiCode(422, "The body is not usable JSON", "send JSON, no key twice, no NaN"),
    "NOT_POSITIVE": ApiCode(404, "A price is zero or below, so there is no ratio", "ask for the difference"),
    "NO_BARS": ApiCode(404, "There are no bars to check", "choose other days, or another span"),
    "NO_CATALOG": ApiCode(409, "There is no data yet", "`periscope data sample` or `periscope data import`"),
    "NO_COMMON_BAR": ApiCode(404, "Two contracts have no bar in common", "ask for the series as traded: raw"),
    "NO_EXAMPLE": ApiCode(422, "There is no example of that name", "leave `source` out for the template"),
    "NO_EXPIRIES": ApiCode(404, "No contract has a known last trade", "choose another `by`"),
    "NO_FRONT_MONTH": ApiCode(404, "No contract of the root has volumes", "import bars with volumes"),
    "NO_RESULTS": ApiCode(404, "The run has left no such result", "wait until it has ended"),
    "NO_SESSIONS": ApiCode(404, "A contract ends on days whose hours are not known", "choose another `by`"),
    "OPEN_INTEREST_UNKNOWN": ApiCode(404, "Nothing is known of open interest", "choose another `by`"),
    "ORDER_NOT_FOUND": ApiCode(404, "The run has no such order", "GET .../orders lists what it placed"),
    "ORIGIN_REFUSED": ApiCode(403, "Pages from elsewhere may not ask", "start the server with --allow-origin ORIGIN"),
    "OUR_FAULT": ApiCode(500, "Something went wrong inside Periscope", "the server's log has the details"),
    "OUTSIDE_SESSION_TABLE": ApiCode(
        422, "The hours of that day are not known", "GET /api/v1/sessions says which days are"
    ),
    "PACKAGES_UNAVAILABLE": ApiCode(503, "The packages for strategies can't be used", "the server's log says why"),
    "PRECONDITION_INVALID": ApiCode(400, "If-Match or If-None-Match is malformed", "send a tag in double quotes, or *"),
    "RUN_ACTIVE": ApiCode(409, "The run is active", "stop or kill it first"),
    "RUN_IS_LIVE": ApiCode(409, "The run is a live one", "its orders were real: copy it"),
    "RUN_MOVE": ApiCode(409, "The run's status does not allow that", "docs/runs.md has the table of moves"),
    "RUN_NOT_ENDED": ApiCode(409, "The run has not ended", "wait, or stop it"),
    "RUN_NOT_FOUND": ApiCode(404, "There is no such run", "GET /api/v1/runs lists what there is"),
    "RUN_NOT_NEW": ApiCode(409, "The run is no longer new", "copy it into a new one"),
    "SCOPE": ApiCode(403, "The token may not do that", "use a token of a larger scope"),
    "SERVER_BUSY": ApiCode(503, "Too many are connected to the server", "try again in a moment"),
    "SPAN_NOT_AVAILABLE": ApiCode(404, "There are no such bars of it", "GET /api/v1/data/series lists what there is"),
    "STORE_DAMAGED": ApiCode(500, "A file of the store is damaged or missing", "`periscope store check` lists them"),
    "STORE_UNAVAILABLE": ApiCode(503, "The store can't be used now", "try again; the server's log says why"),
    "STRATEGY_NOT_FOUND": ApiCode(404, "There is no such strategy", "GET /api/v1/strategies lists what there is"),
    "STREAM_NOT_FOUND": ApiCode(404, "The run read no such stream", "GET .../streams lists what it read"),
    "TOKEN_DAYS": ApiCode(422, "A token is not good for so many days", "ask for fewer"),
    "TOKEN_EXISTS": ApiCode(409, "There is a token of that name", "delete it, or choose another name"),
    "TOKEN_EXPIRED": ApiCode(401, "The token has expired", "`periscope tokens create` makes a new one"),
    "TOKEN_MISSING": ApiCode(401, "A token is needed", "send the header `Authorization: Bearer psk_...`"),
    "TOKEN_NAME": ApiCode(422, "That is no name for a token", "use other characters"),
    "TOKEN_NOT_FOUND": ApiCode(404, "There is no such token", "GET /api/v1/tokens lists what there is"),
    "TOKEN_UNKNOWN": ApiCode(401, "The token is not known here", "`periscope tokens create` makes one"),
    "UNKNOWN_EXCHANGE": ApiCode(404, "There is no such exchange", "GET /api/v1/sessions lists all"),
    "UNKNOWN_INSTRUMENT": ApiCode(404, "There is no such instrument", "GET /api/v1/instruments lists what there is"),
    "UNKNOWN_ROOT": ApiCode(404, "There is no such futures root", "GET /api/v1/instruments/roots lists all"),
    "UNSUPPORTED_MEDIA": ApiCode(415, "The body is of another type", "send the type that the description names"),
    "VERIFICATIONS_BUSY": ApiCode(429, "Too many runs are being verified", "try again when one is done"),
    "VERIFICATION_NOT_FOUND": ApiCode(404, "There is no such verification", "GET .../verifications lists them"),
    "VERIFICATION_RUNNING": ApiCode(409, "The run is being verified", "look at the one that is under way"),
    "VERSION_NOT_FOUND": ApiCode(404, "There is no such version", "GET /api/v1/strategies lists what there is"),
}

OF_STATUS = {
    400: "BAD_REQUEST",
    404: "NOT_FOUND",
    405: "METHOD",
    413: "BODY_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA",
    422: "INVALID",
}
"""The code of a refusal by the framework, which knows only a status."""
