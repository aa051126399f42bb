"""The books of a run: the balance of every account, and the postings."""

from typing import Annotated, Any

import polars as pl
from fastapi import Query

from periscope.runs.documents import balance_document, posting_document
from periscope.runs.ledger_file import LEDGER, trial_balance
from periscope.server import result_models as model
from periscope.server.models import Text
from periscope.server.paging import PagingHere
from periscope.server.results import ResultsHere
from periscope.server.routes.results import SymbolQuery, row_page
from periscope.server.routing import new_router

router = new_router("results")

AccountQuery = Annotated[Text | None, Query(max_length=100, description="Only this account, such as cash or realised")]


@router.get("/runs/{number}/ledger", response_model=model.TrialBalance)
def show_trial_balance(results: ResultsHere) -> dict[str, Any]:
    """The trial balance of a run that has ended."""
    balances = trial_balance(pl.scan_parquet(results.path(LEDGER), glob=False))
    return {"run": results.run.id, "accounts": [balance_document(line) for line in balances]}


@router.get("/runs/{number}/ledger/postings", response_model=model.Counted[model.Posting])
def list_postings(
    results: ResultsHere, paging: PagingHere, account: AccountQuery = None, symbol: SymbolQuery = None
) -> dict[str, Any]:
    """The postings of all entries of a run that has ended, in order."""
    match = {"account": account, "symbol": symbol}
    return row_page(results.path(LEDGER), "postings", paging, match, posting_document)
