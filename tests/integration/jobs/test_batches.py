"""Batches of rows in one transaction with the ledger (docs/design.md, rules 9 to 13)."""

import json
import random
from decimal import Decimal

import pytest
from accounting import assert_every_row_accounted_for
from world import contacts, contacts_csv, many_contacts

from importer.control import imports
from importer.files.csv_reader import Record
from jobs.rows.job import encode_record, encode_retry
from jobs.rows.outcomes import ImportGoneError

pytestmark = pytest.mark.usefixtures("way_of_writing")


def test_the_same_batch_again_changes_nothing(world, apply):
    import_id = world.upload(many_contacts(3)[0])
    rows = [(1, "a@example.com", "Ann"), (2, "b@example.com", "Bob"), (3, "nonsense", "X")]
    apply(import_id, *rows)
    before = (world.counts(import_id), world.records(), world.ledger(import_id))
    apply(import_id, *rows)
    assert (world.counts(import_id), world.records(), world.ledger(import_id)) == before
    assert before[0] == {"created": 2, "failed": 1}
    assert world.failed_rows(import_id)[3].attempts == 1


def test_a_row_that_was_imported_takes_no_effect_a_second_time_whatever_it_says_then(world, apply):
    import_id = world.upload(many_contacts(3)[0])
    apply(import_id, (1, "a@example.com", "Ann"))
    apply(import_id, (1, "a@example.com", "Another"), (1, "nonsense", "X"))
    assert world.records() == contacts({"a@example.com": "Ann"})
    assert world.codes(import_id) == {}


def test_a_row_that_is_twice_in_a_batch_counts_once(world, apply):
    import_id = world.upload(many_contacts(3)[0])
    apply(import_id, (1, "a@example.com", "Ann"), (2, "b@example.com", "Bob"), (1, "a@example.com", "Ann"))
    assert world.counts(import_id) == {"created": 2}


def test_rows_of_a_batch_may_come_in_any_order(world, apply):
    import_id = world.upload(many_contacts(9)[0])
    apply(import_id, *[(number, f"p{number}@example.com", "P") for number in (1, 5, 3)])
    assert world.ledger(import_id) == {1, 3, 5}


def test_created_updated_unchanged_and_superseded_rows_are_told_apart(world):
    world.import_file(contacts_csv([("a@example.com", "Ann"), ("b@example.com", "Bob")]))
    rows = [("a@example.com", "Ann"), ("b@example.com", "Ben"), ("c@example.com", "1"), ("c@example.com", "2")]
    import_id = world.import_file(contacts_csv(rows))
    assert world.counts(import_id) == {"created": 1, "updated": 1, "unchanged": 1, "superseded": 1}


def test_the_last_row_of_a_key_wins_within_a_batch(world):
    csv, records = many_contacts(100, keys=7)
    import_id = world.import_file(csv)
    assert_every_row_accounted_for(world, import_id, records, rows=100)


@pytest.mark.parametrize("seed", range(3))
def test_the_last_row_of_a_key_wins_in_whatever_order_the_batches_come(world, apply, seed):
    rows = [(number, f"p{number % 5}@example.com", f"name {number % 4}") for number in range(1, 61)]
    import_id = world.upload(many_contacts(60)[0])
    shuffled = random.Random(seed).sample(rows, 60)
    for first in range(0, 60, 6):
        apply(import_id, *shuffled[first : first + 6])
    assert world.records() == contacts({email: name for _, email, name in rows})
    assert sum(world.counts(import_id).values()) == 60


def test_a_later_import_wins_even_where_its_rows_come_first(world, apply):
    earlier, later = (world.upload(contacts_csv([("a@example.com", name)])) for name in ("old", "new"))
    apply(later, (1, "a@example.com", "new"))
    apply(earlier, (1, "a@example.com", "old"))
    assert world.records() == contacts({"a@example.com": "new"})
    assert world.counts(earlier) == {"superseded": 1}


def test_a_later_import_that_changed_nothing_still_wins(world, apply):
    world.import_file(contacts_csv([("a@example.com", "same")]))
    earlier, later = (world.upload(contacts_csv([("a@example.com", name)])) for name in ("old", "same"))
    apply(later, (1, "a@example.com", "same"))
    apply(earlier, (1, "a@example.com", "old"))
    assert world.records() == contacts({"a@example.com": "same"})
    assert world.counts(later) == {"unchanged": 1}
    assert world.counts(earlier) == {"superseded": 1}


def test_columns_that_the_file_lacks_are_left_alone(world):
    world.import_file("email,name,company,balance\na@example.com,Ann,Acme,12.50\n")
    world.import_file("email,name\na@example.com,Anna\n")
    record = world.records()["a@example.com"]
    assert (record["name"], record["company"], record["balance"]) == ("Anna", "Acme", Decimal("12.50"))


def test_values_with_every_awkward_character_arrive_as_they_are(world, apply):
    names = ["{a,b}", '"quoted"', "back\\slash", "NULL", "percent %s %(x)s", "new\nline", "\U0001f9ad", "'"]
    import_id = world.upload(many_contacts(20)[0])
    apply(import_id, *((n + 1, f"p{n}@example.com", name) for n, name in enumerate(names)))
    assert [world.records()[f"p{n}@example.com"]["name"] for n in range(len(names))] == names


def test_a_row_of_a_cancelled_import_takes_no_effect(world, apply):
    import_id = world.upload(many_contacts(3)[0])
    world.verb(imports.cancel, import_id)
    with pytest.raises(ImportGoneError):
        apply(import_id, (1, "a@example.com", "Ann"))
    assert (world.records(), world.ledger(import_id)) == ({}, set())


def test_cells_that_postgres_cannot_hold_are_kept_with_their_failed_row(world):
    import_id = world.upload(b"email,name\na@example.com,nul\0here\nb@example.com,\xff\xfe\nc@example.com,Cy\n")
    world.run()
    assert world.codes(import_id) == {1: "nul_character", 2: "invalid_utf8"}
    rows = world.failed_rows(import_id)
    assert [rows[number].cells[1] for number in (1, 2)] == ["nul\0here", "\udcff\udcfe"]
    assert [rows[number].column_name for number in (1, 2)] == ["name", "name"]
    assert_every_row_accounted_for(world, import_id, contacts({"c@example.com": "Cy"}), rows=3)


def test_of_what_reading_lets_pass_lone_surrogates_fail_their_row_and_nul_is_removed_and_told(world, apply):
    import_id = world.upload(many_contacts(3)[0])
    apply(import_id, (1, "a@example.com", "nul\0"), (2, "b@example.com", "\ud800"), (3, "c@example.com", "Cy"))
    assert world.codes(import_id) == {2: "invalid_characters"}
    assert world.records() == contacts({"a@example.com": "nul", "c@example.com": "Cy"})
    assert world.alterations(import_id) == {("name", "control"): (1, [[1, "nul\0", "nul"]])}


def test_the_job_of_a_row_is_written_as_rq_would_write_it():
    cells = ["a", 'quote " back \\', "\ud800", "\0", ""]
    assert json.loads(encode_record("abc", Record(1, 2, cells, None))) == [
        "jobs.rows.alone.import_row",
        None,
        [2, "abc", 1, 2, [*cells[:4], None], None],
        {},
    ]


def test_the_job_of_a_retry_names_its_attempt_and_has_no_cells():
    call = ["jobs.rows.alone.import_row", None, [2, "abc", 1, 2, [], None], {"attempt": 3}]
    assert json.loads(encode_retry("abc", 1, 2, 3)) == call
