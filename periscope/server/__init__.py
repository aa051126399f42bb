"""The REST API: what is in a workspace's store and catalog, for programs and the web app.

How to add a route:

1. It belongs to the module of its subject, `routes/<subject>.py`, which has a `router = new_router("<subject>")`.
   A new module is a line in `routes/__init__.py`.
2. Write a plain `def` handler: it runs in a thread, so it may ask the store, the catalog and the disk. `here: Here`
   gives both. Only an event stream is `async`, and it asks the store with `run_in_threadpool`; and a dependency that
   asks for nothing, because a thread would cost more than what it does.
3. Name the answer's type by the return annotation or `response_model`: a Pydantic model of `models.py` or of the
   module, `Page[...]` for a listing. The description of the API is made of it, and each answer is checked by it. For an
   answer that is not JSON, return a `Response` and name its type: `@router.get(..., response_class=HTMLResponse)`, or
   with `response_class=Response, responses=content("application/zip", "The archive.")`.
4. A refusal is `allowed(answer)`, which hands back what is no refusal, or `raise ProblemError("CODE", "what ...")`.
   Every code is a row of `codes.py`, with its HTTP status; 4xx and 5xx are described in one place (`openapi.py`).
5. GET needs the scope `read`, everything else `write`; `@needs(Scope.ADMIN)` asks for more. A body may have 1 MiB;
   `@body_up_to(bytes)` allows more. A JSON body is read strictly: fractions are Decimals, no key is there twice.
   A raw body (`application/octet-stream`) is read with `body: RawBody` and `openapi_extra=raw_body(...)`.
6. Names, cursors and numbers have types: `RunNumber`, `StrategyName`, `PagingHere` (`models.py`, `paging.py`). A text
   that goes into a query of the database must not hold a NUL: use `Text`.
"""
