"""What was changed in the cells of failed rows."""

from __future__ import annotations

from sqlalchemy import Connection

ROWS_PER_DELETE = 2_000

DELETE_SOME = """
DELETE FROM corrections WHERE (import_sequence, row_number, attempt) IN (
    SELECT import_sequence, row_number, attempt FROM corrections
    WHERE import_sequence = %(sequence)s LIMIT %(most)s)
"""

DELETE_REPAIRS = "DELETE FROM repairs WHERE import_sequence = %(sequence)s"


def delete_some_corrections(connection: Connection, sequence: int) -> bool:
    """Delete some corrections of an import, at most 2,000; say whether there were any."""
    portion = {"sequence": sequence, "most": ROWS_PER_DELETE}
    return connection.exec_driver_sql(DELETE_SOME, portion).rowcount > 0


def delete_repairs(connection: Connection, sequence: int) -> bool:
    """Delete the rules for failed rows of an import; say whether there were any."""
    return connection.exec_driver_sql(DELETE_REPAIRS, {"sequence": sequence}).rowcount > 0
