"""Strategies and their versions: listing, publishing, comparing."""

import logging
from pathlib import Path
from threading import BoundedSemaphore
from typing import Annotated, Any

from fastapi import Query, Request, Response

from periscope.runs import drafts
from periscope.runs.documents import (
    changes_document,
    check_document,
    published_document,
    strategy_document,
    version_document,
    version_line,
)
from periscope.runs.publishing import check_archive, publish_archive, version_files
from periscope.runs.store.refusals import Refused
from periscope.runs.store.token_rows import Scope
from periscope.runs.store.version_rows import Version
from periscope.server import strategy_models as model
from periscope.server.context import Context, Here
from periscope.server.models import MOST_NUMBER, Page, StrategyName, VersionNumber
from periscope.server.paging import PagingHere, none_of, page
from periscope.server.problems import ProblemError, allowed, of_bundle
from periscope.server.routing import FileBody, body_up_to, content, needs, new_router, raw_body
from periscope.server.tags import SeenHere, quoted
from periscope.strategies.archive import MAX_ARCHIVE_BYTES, write_archive
from periscope.strategies.versions import DRAFT_SUFFIX, differences, is_name

router = new_router("strategies")
log = logging.getLogger(__name__)

BUNDLES_AT_ONCE = BoundedSemaphore(2)
"""A bundle can have 50 MB, all of which is looked at; more than so many wait."""
ZIP = "application/zip"
_ARCHIVE = "An archive of a bundle; without a body the draft is taken"


@router.get("/strategies", response_model=Page[model.Strategy])
def list_strategies(here: Here, paging: PagingHere) -> dict[str, Any]:
    """Strategies by name, whether published or only drafted."""
    after = paging.text("strategies")
    if after is not None and not is_name(after):
        raise none_of("strategies")
    found = here.store.strategies.page(after=after, limit=paging.limit)
    more = paging.following(found, lambda last: last.name)
    return page("strategies", [strategy_document(strategy) for strategy in found], more)


@router.get("/strategies/{name}", response_model=model.Strategy)
def show_strategy(here: Here, name: StrategyName) -> dict[str, Any]:
    """A strategy in short."""
    found = here.store.strategies.get(name)
    if found is None:
        raise ProblemError("STRATEGY_NOT_FOUND", f"there is no strategy {name!r}")
    return strategy_document(found)


@router.post("/strategies/{name}/check", response_model=model.Checked, openapi_extra=raw_body(ZIP, _ARCHIVE))
@needs(Scope.READ)
@body_up_to(MAX_ARCHIVE_BYTES, in_file=True)
def check(here: Here, name: StrategyName, request: Request, body: FileBody) -> dict[str, Any]:
    """Say everything that publishing the draft, or the archive in the body, would find. Nothing is kept."""
    packages = modules(here)
    with BUNDLES_AT_ONCE:
        data = archive_in(request, body)
        if data is None:
            checked = allowed(drafts.check(here.store, name, packages))
            return {"tag": checked.tag} | check_document(checked.result)
        return {"tag": None} | check_document(check_archive(data, "archive", packages))


@router.get("/strategies/{name}/versions", response_model=Page[model.Version])
def list_versions(here: Here, name: StrategyName, paging: PagingHere) -> dict[str, Any]:
    """The versions of a strategy, the newest first."""
    before = paging.number("versions")
    found = here.store.versions.page(name, before=before, limit=paging.limit)
    if not found and here.store.strategies.get(name) is None:
        raise ProblemError("STRATEGY_NOT_FOUND", f"there is no strategy {name!r}")
    more = paging.following(found, lambda last: last.number)
    return page("versions", [version_line(version) for version in found], more)


@router.post(
    "/strategies/{name}/versions",
    response_model=model.Published,
    status_code=201,
    openapi_extra=raw_body(ZIP, _ARCHIVE),
    responses={200: {"description": "A version with these contents was there.", "model": model.Published}},
)
@body_up_to(MAX_ARCHIVE_BYTES, in_file=True)
def publish(
    here: Here, name: StrategyName, request: Request, response: Response, body: FileBody, seen: SeenHere
) -> dict[str, Any]:
    """Keep the draft, or the archive in the body, as the next version. Everything that is wrong is said at once.

    With If-Match the draft is published only if it is still what the caller has seen.
    """
    packages = modules(here)
    with BUNDLES_AT_ONCE:
        data = archive_in(request, body)
        if data is None:
            done = allowed(drafts.publish(here.store, name, packages, drafts.ANY if seen is None else seen))
        elif not is_name(name):
            raise ProblemError("BAD_NAME", f"a strategy can't be called {name!r}")
        else:
            done = publish_archive(here.store, name, data, "archive", packages)
    if done.version is None:
        faults, warnings = of_bundle(done.problems), of_bundle(done.warnings)
        raise ProblemError("BUNDLE_INVALID", "nothing was published", problems=faults, warnings=warnings)
    response.status_code = 201 if done.is_new else 200
    response.headers["location"] = f"/api/v1/strategies/{name}/versions/{done.version.number}"
    return published_document(done)


@router.get("/strategies/{name}/versions/{number}", response_model=model.VersionDocument)
def show_version(here: Here, name: StrategyName, number: VersionNumber) -> dict[str, Any]:
    """A version with its files."""
    return version_document(here.store, _version(here, name, number))


@router.get(
    "/strategies/{name}/versions/{number}/archive",
    response_class=Response,
    responses=content(ZIP, "The archive."),
)
def export_version(here: Here, name: StrategyName, number: VersionNumber) -> Response:
    """A version as one ZIP archive, whose bytes depend on nothing but its contents."""
    version = _version(here, name, number)
    with BUNDLES_AT_ONCE:
        return archive_answer(write_archive(version_files(here.store, version)), f"{name}-{number}", version.hash)


@router.get("/strategies/{name}/versions/{number}/diff", response_model=model.Changes)
def diff(
    here: Here,
    name: StrategyName,
    number: VersionNumber,
    to: Annotated[int | None, Query(ge=1, le=MOST_NUMBER, description="A version of it; without, its draft")] = None,
) -> dict[str, Any]:
    """In what another version of the strategy, or its draft, differs from this one."""
    old = _version(here, name, number)
    with BUNDLES_AT_ONCE:
        if to is None:
            called, files = name + DRAFT_SUFFIX, allowed(drafts.read(here.store, name))[1]
        else:
            new = _version(here, name, to)
            called, files = str(new), version_files(here.store, new)
        return changes_document(str(old), called, differences(version_files(here.store, old), files))


def _version(here: Context, name: str, number: int) -> Version:
    found = here.store.versions.get(name, number)
    if found is None:
        raise ProblemError("VERSION_NOT_FOUND", f"there is no version {number} of {name!r}")
    return found


def archive_in(request: Request, body: Path) -> bytes | None:
    """The archive that a body is, None for an empty one. Raises ProblemError where it says to be something else."""
    if body.stat().st_size == 0:
        return None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != ZIP:
        raise ProblemError("UNSUPPORTED_MEDIA", f"expected {ZIP}, found {kind[:100]!r}")
    return body.read_bytes()


def archive_answer(data: bytes, name: str, tag: str) -> Response:
    """An archive to be kept as a file."""
    headers = {"content-disposition": f'attachment; filename="{name}.zip"'} | quoted(tag)
    return Response(data, media_type=ZIP, headers=headers)


def modules(here: Context) -> frozenset[str]:
    """What strategies may import besides the standard library. Raises ProblemError."""
    found = here.surroundings.modules()
    if isinstance(found, Refused):
        log.error("%s: %s", found.code, found.message)
        raise ProblemError("PACKAGES_UNAVAILABLE", "the packages that strategies may import can't be used")
    return found
