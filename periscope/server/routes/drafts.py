"""Drafts: a strategy's files while they are edited. Nobody overwrites what they have not seen."""

from typing import Annotated, Any

from fastapi import Query, Request, Response

from periscope.runs import drafts
from periscope.runs.documents import draft_document, draft_file_document
from periscope.runs.store.draft_rows import Draft
from periscope.runs.store.refusals import Refused
from periscope.server import strategy_models as model
from periscope.server.context import Here
from periscope.server.models import Page, StrategyName, Text
from periscope.server.paging import PagingHere, page
from periscope.server.problems import ProblemError, allowed, of_bundle, refuse
from periscope.server.routes.strategies import BUNDLES_AT_ONCE, ZIP, archive_answer, archive_in
from periscope.server.routing import FileBody, RawBody, body_up_to, content, new_router, raw_body
from periscope.server.tags import SeenHere, SeenOrNew, quoted
from periscope.strategies.archive import MAX_ARCHIVE_BYTES, write_archive
from periscope.strategies.bundle import MAX_FILE_BYTES
from periscope.strategies.problems import Problem

router = new_router("drafts")

BYTES = "application/octet-stream"
_AS_IT_IS = {"x-content-type-options": "nosniff"}


@router.get("/drafts", response_model=Page[model.Draft])
def list_drafts(
    here: Here,
    paging: PagingHere,
    behind: Annotated[Text | None, Query(max_length=200, description="Begin behind this name")] = None,
) -> dict[str, Any]:
    """The drafts of all strategies by name, with their files."""
    after = behind if paging.after is None else paging.text("drafts")
    found = here.store.drafts.page(after=after, limit=paging.limit)
    more = paging.following(found, lambda last: last.strategy)
    return page("drafts", [draft_document(draft) for draft in found], more)


@router.get("/strategies/{name}/draft", response_model=model.Draft)
def show_draft(here: Here, name: StrategyName, response: Response) -> dict[str, Any]:
    """The draft of a strategy: its files with their tags. The ETag stands for all of it."""
    return _shown(allowed(drafts.find(here.store, name)), response)


@router.post("/strategies/{name}/draft", response_model=model.Draft, status_code=201)
def start_draft(here: Here, name: StrategyName, new: model.NewDraft, response: Response) -> dict[str, Any]:
    """Start a draft from the template, an example, or a version of any strategy."""
    with BUNDLES_AT_ONCE:
        draft = _good(drafts.start_from(here.store, name, new.source))
    return _shown(draft, response, is_new=True)


@router.post(
    "/strategies/{name}/draft/archive",
    response_model=model.Draft,
    status_code=201,
    openapi_extra=raw_body(ZIP, "An archive of a bundle, which need not be valid yet"),
)
@body_up_to(MAX_ARCHIVE_BYTES, in_file=True)
def start_draft_from_archive(
    here: Here, name: StrategyName, request: Request, response: Response, body: FileBody
) -> dict[str, Any]:
    """Start a draft from an archive."""
    with BUNDLES_AT_ONCE:
        data = archive_in(request, body)
        draft = _good(drafts.start_from_archive(here.store, name, data or b"", "archive"))
    return _shown(draft, response, is_new=True)


@router.delete("/strategies/{name}/draft", status_code=204)
def delete_draft(here: Here, name: StrategyName, seen: SeenHere) -> None:
    """Remove a draft with its files; versions stay. If-Match says which contents may go."""
    refused = drafts.delete(here.store, name, seen)
    if refused is not None:
        refuse(refused)


@router.get("/strategies/{name}/draft/archive", response_class=Response, responses=content(ZIP, "The archive."))
def export_draft(here: Here, name: StrategyName) -> Response:
    """A draft as one ZIP archive."""
    with BUNDLES_AT_ONCE:
        draft, files = allowed(drafts.read(here.store, name))
        return archive_answer(write_archive(files), f"{name}-draft", draft.tag)


@router.get("/strategies/{name}/draft/files", response_model=Page[model.DraftFile])
def list_files(here: Here, name: StrategyName) -> dict[str, Any]:
    """The files of a draft, all on one page: there are at most fifty."""
    draft = allowed(drafts.find(here.store, name))
    return page("files", draft_document(draft)["files"], None)


@router.get("/strategies/{name}/draft/files/{file}", response_class=Response, responses=content(BYTES, "The file."))
def show_file(here: Here, name: StrategyName, file: model.FileName) -> Response:
    """A file of a draft, as it is. The ETag is its tag."""
    tag, data = allowed(drafts.read_file(here.store, name, file))
    return Response(data, media_type=BYTES, headers=_AS_IT_IS | quoted(tag))


@router.put(
    "/strategies/{name}/draft/files/{file}",
    response_model=model.DraftFile,
    openapi_extra=raw_body(BYTES, "What the file is to hold"),
)
@body_up_to(MAX_FILE_BYTES)
def write_file(
    here: Here,
    name: StrategyName,
    file: model.FileName,
    body: RawBody,
    seen: SeenOrNew,
    request: Request,
    response: Response,
) -> dict[str, Any]:
    """Add a file to a draft, or replace one.

    If-Match says which contents may be overwritten, without it only a file is written that is not there yet.
    """
    answer = drafts.put_file(here.store, name, file, body, seen)
    if isinstance(answer, Refused) and answer.code == "DRAFT_FILE_EXISTS" and "if-none-match" in request.headers:
        raise ProblemError("DRAFT_CHANGED", answer.message)
    written = _good(answer).files[file]
    response.headers.update(quoted(written.content))
    return draft_file_document(written)


@router.delete("/strategies/{name}/draft/files/{file}", status_code=204)
def remove_file(here: Here, name: StrategyName, file: model.FileName, seen: SeenHere) -> None:
    """Take a file out of a draft. If-Match says which contents may go."""
    allowed(drafts.remove_file(here.store, name, file, seen))


def _shown(draft: Draft, response: Response, *, is_new: bool = False) -> dict[str, Any]:
    response.headers.update(quoted(draft.tag))
    if is_new:
        response.headers["location"] = f"/api/v1/strategies/{draft.strategy}/draft"
    return draft_document(draft)


def _good(answer: Draft | Refused | list[Problem]) -> Draft:
    """A draft, unless a bundle could not be so."""
    if isinstance(answer, list):
        raise ProblemError("BUNDLE_INVALID", "a draft can't hold that", problems=of_bundle(answer))
    return allowed(answer)
