"""Asks for failed rows to be tried again, a portion at a time: all of an import, or those that a rule changes."""

from __future__ import annotations

from sqlalchemy.orm import Session

from importer.ledger.retries import ask_for_portion
from importer.queue import checkpoint
from importer.services import Services
from jobs.dispatcher.assignment import Assignment
from jobs.dispatcher.repairs import carry_out_portion


def ask_for_more(services: Services, assignment: Assignment) -> int | None:
    """Ask for the next portion, if there is one; what is begun later is left to the slice enqueued for it.

    Returns:
        The row number after which the rows come; None where nothing is left to ask for now.
    """
    more = _ask_for_portion(services, assignment) if assignment.asks_for_more else None
    if more is None and assignment.is_repaired:
        more = carry_out_portion(services, assignment.import_id)
        checkpoint.renew_lease(services.redis, assignment.import_id)
    return more


def _ask_for_portion(services: Services, assignment: Assignment) -> int | None:
    with Session(services.engine) as session:
        return ask_for_portion(session, assignment.import_id)
