"""What is wrong with one row fails that row alone (docs/design.md, rule 13)."""

import pytest
from accounting import assert_every_row_accounted_for
from sqlalchemy import func, select
from world import contacts, contacts_csv

from importer.control import retries
from importer.ledger.retries import count_requested
from importer.models import FailedRow

pytestmark = pytest.mark.usefixtures("way_of_writing")


@pytest.fixture
def parts(world):
    """Import a file of parts whose last row is fine."""

    def parts(*rows: str) -> str:
        lines = ["code,serial,slot,price", *rows, "last,999,999,9"]
        return world.import_file("\n".join(lines) + "\n", "parts")

    return parts


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("far-too-long-a-code,1,1,1", "database_22001"),
        ("a,99999999999,1,1", "database_22003"),
        ("a,7,1,1", "database_23505"),
        ("a,1,7,1", "database_23505"),
        ("a,1,1,-1", "database_23514"),
        ("cursed,1,1,1", "database_P0001"),
    ],
    ids=["too long", "out of range", "not unique", "deferred constraint", "check", "trigger"],
)
def test_a_row_that_the_table_refuses_fails_alone(world, parts, row, code):
    import_id = parts("taken,7,7,7", row, "other,8,8,8")
    assert world.codes(import_id) == {2: code}
    assert set(world.records("parts", "code")) == {"taken", "other", "last"}
    assert world.counts(import_id) == {"created": 3, "failed": 1}
    assert_every_row_accounted_for(world, import_id, None, rows=4)


def test_several_bad_rows_of_a_batch_fail_with_their_own_reasons(world, parts):
    import_id = parts("a,1,1,-1", "b,2,2,2", "cursed,3,3,3", "c,2,4,4", "d,5,2,5", "e,6,6,6")
    assert world.codes(import_id) == {
        1: "database_23514",
        3: "database_P0001",
        4: "database_23505",
        5: "database_23505",
    }
    assert set(world.records("parts", "code")) == {"b", "e", "last"}
    assert_every_row_accounted_for(world, import_id, None, rows=7)


def test_a_message_names_what_is_wrong_without_the_statement(world, parts):
    row = world.failed_rows(parts("a,1,1,-1"))[1]
    assert "violates check constraint" in row.message
    assert "INSERT" not in row.message


def test_values_that_do_not_validate_name_their_column_and_never_the_value(world):
    import_id = world.import_file("email,name,balance\na@example.com,,1\nb@example.com,Bob,secret\n")
    rows = world.failed_rows(import_id)
    assert [(rows[n].code, rows[n].column_name) for n in (1, 2)] == [
        ("missing_value", "name"),
        ("not_a_number", "balance"),
    ]
    assert "secret" not in rows[2].message
    assert [rows[n].line_number for n in (1, 2)] == [2, 3]


def test_a_retry_imports_a_row_whose_cause_was_mended(world, parts):
    import_id = parts("taken,7,7,7", "a,7,1,1")
    world.execute("DELETE FROM parts WHERE code = 'taken'")
    assert world.verb(retries.retry, import_id, row_number=2) == 1
    world.run()
    assert world.codes(import_id) == {}
    assert world.counts(import_id) == {"created": 3}
    assert set(world.records("parts", "code")) == {"a", "last"}
    assert_every_row_accounted_for(world, import_id, None, rows=3)


def test_a_retry_that_fails_again_counts_its_attempts_and_moves_no_counter(world, parts):
    import_id = parts("taken,7,7,7", "a,7,1,1")
    for attempts in (2, 3):
        world.verb(retries.retry, import_id)
        world.run()
        row = world.failed_rows(import_id)[2]
        assert (row.attempts, row.retry_requested_at) == (attempts, None)
    assert world.counts(import_id) == {"created": 2, "failed": 1}
    assert_every_row_accounted_for(world, import_id, None, rows=3)


def test_a_retry_of_every_row_imports_those_that_can_be(world, parts):
    import_id = parts("taken,7,7,7", "a,7,1,1", "b,2,2,-2")
    world.execute("DELETE FROM parts WHERE code = 'taken'")
    assert world.verb(retries.retry, import_id) == 2
    world.run()
    assert world.codes(import_id) == {3: "database_23514"}
    assert world.counts(import_id) == {"created": 3, "failed": 1}


def test_all_failed_rows_are_asked_for_in_portions_and_each_is_tried_once(world, setting, monkeypatch):
    monkeypatch.setattr("importer.ledger.retries.ROWS_PER_PORTION", 7)
    import_id = world.import_file(contacts_csv([(f"nonsense {n}", "x") for n in range(60)]))
    setting(slice_seconds=1e-6, max_queued_rows=20)
    assert world.verb(retries.retry, import_id) == 60
    with world.session() as session:
        assert count_requested(session, world.find(import_id)) == 60
        assert session.scalar(select(func.count(FailedRow.retry_requested_at))) == 0
    while world.high.count or world.queued():
        world.run_slice(import_id)
        world.work()
    assert {row.attempts for row in world.failed_rows(import_id).values()} == {2}
    with world.session() as session:
        assert count_requested(session, world.find(import_id)) == 0
    assert_every_row_accounted_for(world, import_id, {}, rows=60)


def test_a_retried_row_keeps_its_place_behind_a_later_one(world):
    import_id = world.import_file(contacts_csv([("a@example.com", "x" * 300), ("a@example.com", "Ann")]))
    assert world.codes(import_id) == {1: "too_long"}
    world.execute('UPDATE failed_rows SET cells = \'["a@example.com", "first"]\'')
    world.verb(retries.retry, import_id)
    world.run()
    assert world.counts(import_id) == {"created": 1, "superseded": 1}
    assert_every_row_accounted_for(world, import_id, contacts({"a@example.com": "Ann"}), rows=2)


def test_a_retry_before_the_file_was_read_to_its_end_counts_each_row_once(world, setting):
    import_id = world.upload(contacts_csv([("nonsense", "x"), ("b@example.com", "Bob")]))
    world.dispatch()
    world.work()
    world.verb(retries.retry, import_id)
    world.run()
    assert world.counts(import_id) == {"created": 1, "failed": 1}
    assert world.failed_rows(import_id)[1].attempts == 2
