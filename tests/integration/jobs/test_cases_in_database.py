"""What files as people have them make of the database: once, in the order of their rows, whatever they are called.

The files are no part of the project; they are read from `shared/cases` beside the checkout, if they are there.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from importer.control import answers, retries, uploads
from importer.control.options import Options
from importer.models import Import, User
from importer.statuses import Status

CASES = Path(__file__).parents[4] / "shared" / "cases"

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason=f"no {CASES.parent.name}/{CASES.name} beside the checkout"
)

NAMES = {
    "KONTAKTE.CSV": "KONTAKTE.CSV",
    "Kontakte \N{EN DASH} März (2).csv": "Kontakte \N{EN DASH} März (2).csv",
    "C:\\fakepath\\a b.csv": "a b.csv",
    "日本語.csv": "日本語.csv",
    "..\\..\\evil.csv": "evil.csv",
    "=cmd.csv": "=cmd.csv",
    "contacts": "contacts",
    "contacts.xls": "contacts.xls",
}
"""What files are called, and what the person knows them as: without the folders."""

LARGE_ROWS = 9_000


def case(name: str) -> bytes:
    return (CASES / name).read_bytes()


def test_empty_cells_keep_what_a_record_has_and_are_counted(world):
    assert world.counts(world.import_file(case("14-a-first-full.csv"))) == {"created": 2}
    sparse = world.import_file(case("14b-b-then-sparse.csv"))
    assert world.counts(sparse) == {"updated": 2}
    assert world.empty_cells(sparse) == (6, 0)
    ana = world.records()["c14.ana@example.com"]
    assert (ana["company"], ana["phone"], ana["balance"]) == ("ACME Europe", "0301", Decimal("12.50"))


def test_addresses_in_other_case_are_one_record_with_the_values_of_the_last_row(world):
    import_id = world.import_file(case("36-case-duplicates.csv"))
    assert world.counts(import_id) == {"created": 2, "superseded": 2}
    phones = {email: record["phone"] for email, record in world.records().items()}
    assert phones == {"c36.ana@example.com": "0303", "c36.bo@example.com": "0304"}


def test_a_file_uploaded_again_changes_nothing(world):
    first, second = (world.import_file(case("37-same-file-twice.csv")) for _ in range(2))
    assert (world.counts(first), world.counts(second)) == ({"created": 2}, {"unchanged": 2})
    assert len(world.records()) == 2


@pytest.mark.parametrize(("filename", "known"), NAMES.items())
def test_a_file_is_imported_whatever_it_is_called(world, filename, known):
    with world.session() as session:
        user = session.scalars(select(User)).one()
        import_, _ = uploads.begin_upload(
            session, world.services, user, record_type="contacts", filename=filename, idempotency_key=None
        )
        uploads.receive(session, world.services, import_, [case("41-browser-types.csv")])
        import_id = import_.id
    world.run()
    found = world.find(import_id)
    assert (found.status, found.created_rows, found.filename) == (Status.COMPLETED, 1, known)


def test_failed_rows_name_line_and_reason_and_can_be_tried_again(world):
    import_id = world.upload(case("48-repair-failed-rows.csv"))
    with world.session() as session:
        import_ = session.scalars(select(Import).where(Import.id == import_id)).one()
        person = session.scalars(select(User)).one()
        answers.answer(session, world.services, import_, person, Options({"decimal_mark-4": "."}))
    world.run()
    assert world.counts(import_id) == {"created": 2, "failed": 3}
    found = {
        number: (row.line_number, row.code, row.column_name)
        for number, row in world.failed_rows(import_id).items()
    }
    assert found == {
        2: (5, "invalid_email", "email"),
        4: (7, "missing_value", "name"),
        5: (8, "other_decimal_mark", "balance"),
    }
    world.verb(retries.retry, import_id)
    world.run()
    assert world.counts(import_id) == {"created": 2, "failed": 3}
    assert {row.attempts for row in world.failed_rows(import_id).values()} == {2}


def test_a_form_sent_twice_makes_one_import_of_a_large_file(world):
    rows = "".join(f"c66.{number}@example.com,Name {number},ACME\n" for number in range(LARGE_ROWS))
    file = f"email,name,company\n{rows}"
    first, second = world.upload(file, key="k1"), world.upload(file, key="k1")
    world.run()
    assert first == second
    assert world.counts(first) == {"created": LARGE_ROWS}
    assert len(world.records()) == LARGE_ROWS
