"""New rows are written by COPY, and only where that is sure to do what the statement would (docs/design.md)."""

import pytest
from accounting import assert_every_row_accounted_for
from world import contacts, many_contacts

from importer.record_types import copying, upsert
from importer.statuses import Reason

SKIP_BOB = """
CREATE FUNCTION skip_bob() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF NEW.name = 'Bob' THEN RETURN NULL; END IF; RETURN NEW; END $$;
CREATE TRIGGER skip_bob BEFORE INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION skip_bob()
"""


@pytest.fixture(autouse=True)
def copied(monkeypatch) -> list[str]:
    """Batches of any size may be copied; the tables to which one was tried."""
    tables = []

    def copy(connection, statement, lines, rows):
        tables.append(statement.split()[1])
        copying.copy_rows(connection, statement, lines, rows)

    monkeypatch.setattr(copying, "WORTHWHILE_ROWS", 1)
    monkeypatch.setattr(upsert, "copy_rows", copy)
    return tables


def test_an_import_is_upserted_until_a_batch_creates_all_its_records_and_again_once_it_meets_one(
    world, apply, copied
):
    import_id = world.upload(many_contacts(6)[0])
    rows = [(number, f"p{number % 5}@example.com", f"name {number}") for number in range(1, 9)]
    for row in rows:  # 1 to 5 create, 6 to 8 meet the records of 1 to 3
        apply(import_id, row)
    assert copied == ["contacts"] * 5  # for 2 to 6
    for number in (9, 10, 11):
        apply(import_id, (number, f"p{number}@example.com", "new"))
    assert copied == ["contacts"] * 7
    assert world.counts(import_id) == {"created": 8, "updated": 3}


def test_a_table_without_a_unique_key_pauses_the_import_before_any_record_is_there_twice(world, copied):
    world.execute("ALTER TABLE contacts DROP CONSTRAINT pk_contacts")
    import_id = world.import_file(many_contacts(200)[0])
    paused = world.find(import_id)
    assert (paused.reason_code, paused.ended_rows) == (Reason.RECORD_TYPE_BROKEN, 0)
    assert copied == []


def test_records_that_a_trigger_skips_are_not_counted_as_created(world, apply, copied):
    world.execute(SKIP_BOB)
    import_id = world.upload(many_contacts(4)[0])
    apply(import_id, (1, "a@example.com", "Ann"))
    apply(import_id, (2, "b@example.com", "Bob"), (3, "c@example.com", "Cy"))
    assert copied == ["contacts"]
    assert world.counts(import_id) == {"created": 2, "superseded": 1}
    assert world.records() == contacts({"a@example.com": "Ann", "c@example.com": "Cy"})


def test_many_batches_of_new_records_are_copied(world, copied):
    csv, records = many_contacts(2000)
    import_id = world.import_file(csv)
    assert len(copied) > 2
    assert world.counts(import_id) == {"created": 2000}
    assert_every_row_accounted_for(world, import_id, records, rows=2000)
