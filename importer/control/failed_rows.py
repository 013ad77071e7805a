"""The failed rows of an import, a page at a time, whatever they hold.

A page ends after so many rows or so many bytes, whichever comes first, and Postgres sends no more than that: a row
may have a quarter of a megabyte, of which JSON makes six times as much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Subquery, and_, asc, desc, func, or_, select
from sqlalchemy.orm import Session

from importer.models import FailedRow, Import

PAGE_BYTES = 1024 * 1024
"""Of a page's rows as JSON. The first row is on its page however large it is."""

ESCAPED_BYTES = 6
"""JSON makes at most so many of one byte of text. Cells are stored as JSON already."""

FRAME_BYTES = 300
"""Of a row as JSON besides its texts: names, numbers, times."""

TEXTS = func.concat(FailedRow.code, FailedRow.column_name, FailedRow.message)
SIZE = func.octet_length(FailedRow.cells) + ESCAPED_BYTES * func.octet_length(TEXTS) + FRAME_BYTES


class FailedRowsPage(NamedTuple):
    """Failed rows in the order of the file, and whether more of them follow."""

    rows: Sequence[FailedRow]
    has_next: bool


def page_of_failed_rows(session: Session, import_: Import, *, after: int, limit: int) -> FailedRowsPage:
    """The failed rows after a row number, at most `limit` and `PAGE_BYTES`; where there are any, one at least."""
    following = FailedRow.row_number > after
    page = _page(import_, following, asc, limit)
    of_import = FailedRow.import_sequence == import_.sequence
    of_page = and_(of_import, following, FailedRow.row_number == page.c.row_number, page.c.fits)
    found = session.execute(
        select(page.c.row_number, FailedRow).outerjoin(FailedRow, of_page).order_by(page.c.row_number)
    ).all()
    rows = [row.FailedRow for row in found if row.FailedRow is not None]
    return FailedRowsPage(rows, has_next=len(rows) < len(found))


def before_previous_page(session: Session, import_: Import, *, after: int, limit: int) -> int:
    """The `after` of the previous page, seen from the page of this `after`; 0 for the first page."""
    page = _page(import_, FailedRow.row_number <= after, desc, limit)
    return session.scalar(select(func.max(page.c.row_number)).where(~page.c.fits)) or 0


def _page(
    import_: Import, condition: ColumnElement[bool], order: Callable[..., ColumnElement[Any]], limit: int
) -> Subquery:
    """Numbers of the rows from one end of these, one more than the page has at most, and whether each fits."""
    rows = (
        select(FailedRow.row_number, SIZE.label("size"))
        .where(FailedRow.import_sequence == import_.sequence, condition)
        .order_by(order(FailedRow.row_number))
        .limit(limit + 1)
        .subquery()
    )
    in_order = order(rows.c.row_number)
    place = func.row_number().over(order_by=in_order)
    fits = and_(place <= limit, or_(place == 1, func.sum(rows.c.size).over(order_by=in_order) <= PAGE_BYTES))
    return select(rows.c.row_number, fits.label("fits")).subquery()
