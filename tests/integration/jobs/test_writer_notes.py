"""Every writer of a record is known, and every imported row leads to the record of its key (rule 29)."""

import random
import threading
from collections import Counter

import pytest
from accounting import assert_every_row_accounted_for
from sqlalchemy import text
from world import contacts_csv

from importer.control import imports, retries
from importer.files.csv_reader import Record
from importer.ledger.planning import TooSlowError
from importer.ledger.record_table import Writer
from importer.ledger.writers import MOST_WRITERS, WriterNotes
from jobs.rows.batch import Batches
from jobs.rows.job import encode_record
from jobs.rows.outcomes import ImportGoneError

pytestmark = pytest.mark.usefixtures("way_of_writing")

NO_IMPORT = Writer(0, 0)


@pytest.fixture
def apply_rows(world):
    """Apply rows of an import, given by number as the cells of their lines, as one batch."""

    def apply_rows(import_id, rows):
        records = [Record(number, number + 1, list(cells), None) for number, cells in rows]
        return Batches(world.services).apply(import_id, [encode_record(import_id, record) for record in records])

    return apply_rows


@pytest.fixture
def notes(world):
    with world.services.engine.connect() as connection:
        yield WriterNotes(connection, seconds=30)


def value(world, statement):
    with world.services.engine.connect() as connection:
        return connection.execute(text(statement)).scalar()


def last_writers(world):
    with world.services.engine.connect() as connection:
        found = connection.execute(text("SELECT email, imported_by, imported_row FROM contacts"))
        return {email: Writer(by, row) for email, by, row in found}


def story(notes, writer):
    """The writers of a record, the last one first: import, row and whether it changed a value."""
    return [(step.writer, step.has_changed) for step in notes.writers_of(writer)]


def import_of(world, *rows):
    return world.find(world.import_file(contacts_csv(rows))).sequence


def test_all_imports_and_rows_that_wrote_a_record_are_known(world, notes):
    one = import_of(world, ("a@example.com", "Ann"), ("b@example.com", "Bo"))
    two = import_of(world, ("x@example.com", "X"), ("a@example.com", "Anna"))
    three = import_of(world, ("a@example.com", "Anna"))
    writers = last_writers(world)
    assert story(notes, writers["a@example.com"]) == [
        (Writer(three, 1), False),
        (Writer(two, 2), True),
        (Writer(one, 1), None),
    ]
    assert story(notes, writers["b@example.com"]) == [(Writer(one, 2), None)]


def test_a_record_that_was_there_before_any_import_says_so(world, notes):
    world.execute("INSERT INTO contacts (email, name) VALUES ('a@example.com', 'By hand')")
    import_of(world, ("a@example.com", "Ann"))
    (step,) = notes.writers_of(last_writers(world)["a@example.com"])
    assert (step.before, step.has_changed) == (NO_IMPORT, True)


@pytest.mark.parametrize(
    "batches", [[(1, 2, 3)], [(3,), (1, 2)], [(1,), (2, 3)], [(2, 3), (1,)], [(3,), (2,), (1,)]]
)
def test_rows_of_one_file_with_the_same_key_lead_to_the_last_of_them(batches, world, notes, apply_rows):
    rows = {1: ("a@example.com", "One"), 2: ("a@example.com", "Two"), 3: ("a@example.com", "Three")}
    import_id = world.upload(contacts_csv(rows.values()))
    for batch in batches:
        apply_rows(import_id, [(number, rows[number]) for number in batch])
    sequence = world.find(import_id).sequence
    assert last_writers(world) == {"a@example.com": Writer(sequence, 3)}
    for number in (1, 2):
        first = notes.successor_of(Writer(sequence, number))
        assert notes.last_successor_of(first).writer == Writer(sequence, 3)
    assert notes.successor_of(Writer(sequence, 3)) is None
    written_over = {step.writer.row_number for step in notes.writers_of(Writer(sequence, 3))}
    late = {row.row_number for number in written_over for row in notes.late_rows(Writer(sequence, number), 5)}
    assert written_over | late == {1, 2, 3}
    assert not written_over & late


@pytest.mark.parametrize(
    "batches", [[(1, 2, 3, 4)], [(3, 4), (1, 2)], [(4,), (1, 2), (3,)], [(4,), (3,), (2,), (1,)]]
)
def test_a_late_row_that_fills_what_is_empty_says_so(batches, world, notes, apply_rows):
    rows = [("Ann", "Old", ""), ("Ann", "Acme", ""), ("Bo", "", ""), ("Anna", "", "")]
    cells = {number: ("a@example.com", *row) for number, row in enumerate(rows, 1)}
    import_id = world.upload("email,name,company,phone\n" + "\n".join(map(",".join, cells.values())))
    for batch in batches:
        apply_rows(import_id, [(number, cells[number]) for number in batch])
    sequence = world.find(import_id).sequence
    assert world.records()["a@example.com"]["company"] == "Acme"
    assert dict(notes.late_rows(Writer(sequence, 4), 5)) == {1: False, 2: True, 3: False}


def test_a_row_whose_value_a_later_one_of_its_batch_keeps_fills_nothing_where_that_is_late(
    world, notes, apply_rows
):
    rows = [("Ann", "Acme"), ("Bo", ""), ("Anna", "Full")]
    cells = {number: ("a@example.com", *row) for number, row in enumerate(rows, 1)}
    import_id = world.upload("email,name,company\n" + "\n".join(map(",".join, cells.values())))
    for batch in ((3,), (1, 2)):
        apply_rows(import_id, [(number, cells[number]) for number in batch])
    assert dict(notes.late_rows(Writer(world.find(import_id).sequence, 3), 5)) == {1: False, 2: False}


def test_a_row_of_an_earlier_import_that_comes_after_a_later_one_leads_to_that(world, notes, apply_rows):
    slow, quick = (world.upload(contacts_csv([("a@example.com", name)])) for name in ("Slow", "Quick"))
    apply_rows(quick, [(1, ("a@example.com", "Quick"))])
    apply_rows(slow, [(1, ("a@example.com", "Slow"))])
    found = notes.successor_of(Writer(world.find(slow).sequence, 1))
    assert (found.writer, found.was_there) == (Writer(world.find(quick).sequence, 1), True)


def test_writers_are_noted_where_a_batch_is_saved_row_by_row(world, notes):
    one = import_of(world, *((f"{n}@example.com", "Ann") for n in range(5)))
    csv = "email,name,balance\n" + "".join(f"{n}@example.com,Bo,{1 if n != 2 else 10**15}\n" for n in range(5))
    import_id = world.import_file(csv)
    assert list(world.codes(import_id)) == [3]
    two = world.find(import_id).sequence
    assert story(notes, Writer(two, 5)) == [(Writer(two, 5), True), (Writer(one, 5), None)]
    assert_every_row_accounted_for(world, import_id, None, rows=5)


def test_a_retried_row_notes_whom_it_meets_when_it_is_imported(world, notes):
    one = import_of(world, ("a@example.com", "Ann"))
    import_id = world.import_file("email,name,balance\na@example.com,Anna,much\n")
    assert story(notes, Writer(one, 1)) == [(Writer(one, 1), None)]
    world.execute("UPDATE failed_rows SET cells = :cells", cells='["a@example.com", "Anna", "1"]')
    world.verb(retries.retry, import_id, 1)
    world.run()
    two = world.find(import_id).sequence
    assert story(notes, Writer(two, 1)) == [(Writer(two, 1), True), (Writer(one, 1), None)]


def test_a_batch_that_rolls_back_notes_nothing(world, apply_rows, monkeypatch):
    import_of(world, ("a@example.com", "Ann"))
    import_id = world.upload(contacts_csv([("a@example.com", "Anna")]))
    world.verb(imports.cancel, import_id)
    with pytest.raises(ImportGoneError):
        apply_rows(import_id, [(1, ("a@example.com", "Anna"))])
    assert value(world, "SELECT count(*) FROM writer_notes") == 0


def test_what_a_deleted_import_met_is_deleted_with_it_and_the_way_ends_there(world, notes):
    one = import_of(world, ("a@example.com", "Ann"))
    second = world.import_file(contacts_csv([("a@example.com", "Anna")]))
    two = world.find(second).sequence
    world.verb(imports.delete, second)
    world.recover()
    world.recover()
    assert not world.exists(second)
    assert value(world, "SELECT count(*) FROM writer_notes") == 0
    (step,) = notes.writers_of(Writer(two, 1))
    assert step == (Writer(two, 1), None, None, False)
    assert notes.successor_of(Writer(one, 1)) is None


CHAIN = """
INSERT INTO writer_notes
    (import_sequence, first_row, last_row, first_writer, last_writer, row_numbers, writers, changed)
SELECT n, 1, 1, (n - 1) << 32 | 1, (n - 1) << 32 | 1, ARRAY[1], ARRAY[(n - 1) << 32 | 1], ARRAY[true]
FROM generate_series(2::bigint, 500) AS n
"""


def test_of_a_record_with_very_many_writers_the_latest_are_told(world, notes):
    world.execute(CHAIN)
    steps = notes.writers_of(Writer(500, 1))
    assert len(steps) == MOST_WRITERS
    assert steps[-1].before == Writer(500 - MOST_WRITERS, 1)


def test_very_many_writers_are_looked_for_only_as_long_as_there_is_time(world):
    world.execute(CHAIN)
    with world.services.engine.connect() as connection:
        steps = WriterNotes(connection, seconds=0.001).writers_of(Writer(500, 1))
        assert len(steps) < MOST_WRITERS
        assert steps[-1].is_cut
        first = WriterNotes(connection, seconds=30).successor_of(Writer(1, 1))
        last = WriterNotes(connection, seconds=0.001).last_successor_of(first)
        assert first.writer <= last.writer < Writer(1 + MOST_WRITERS, 1)
        late = WriterNotes(connection, seconds=0)
        with pytest.raises(TooSlowError):
            late.late_rows(Writer(500, 1), 5)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_in_whatever_order_every_row_leads_to_the_record_of_its_key(seed, world, notes, apply_rows):
    rng = random.Random(seed)
    files = [[(f"{rng.randrange(12)}@example.com", rng.choice("ABC")) for _ in range(30)] for _ in range(3)]
    ids = [world.upload(contacts_csv(rows)) for rows in files]
    pending = [
        (import_id, number, row)
        for import_id, rows in zip(ids, files, strict=True)
        for number, row in enumerate(rows, 1)
    ]
    rng.shuffle(pending)
    while pending:
        import_id = pending[0][0]
        batch = [one for one in pending if one[0] == import_id][: rng.randint(1, 9)]
        pending = [one for one in pending if one not in batch]
        apply_rows(import_id, sorted((number, row) for _, number, row in batch))
    assert_all_lead_to_their_record(world, notes, ids, files)


def test_imports_that_run_at_once_note_every_writer(world, notes):
    files = [[(f"{n % 40}@example.com", f"{name}{n % 3}") for n in range(200)] for name in "ABCD"]
    ids = [world.upload(contacts_csv(rows)) for rows in files]
    batches = Batches(world.services)

    def run(import_id, rows):
        jobs = [encode_record(import_id, Record(n, n + 1, list(row), None)) for n, row in enumerate(rows, 1)]
        for start in range(0, len(jobs), 10):
            batches.apply(import_id, jobs[start : start + 10])

    threads = [threading.Thread(target=run, args=pair) for pair in zip(ids, files, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_all_lead_to_their_record(world, notes, ids, files)


def assert_all_lead_to_their_record(world, notes, ids, files):
    """Each row is one of the writers of its record or came late to one of them, and no row is both or neither."""
    writers, told = last_writers(world), Counter()
    for last in writers.values():
        told.update(step.writer for step in notes.writers_of(last))
    for import_id, rows in zip(ids, files, strict=True):
        import_ = world.find(import_id)
        assert import_.imported_rows == len(rows)
        for number, (email, _) in enumerate(rows, 1):
            writer = Writer(import_.sequence, number)
            found = notes.successor_of(writer)
            last = writer if found is None else notes.last_successor_of(found).writer
            assert last == writers[email]
            assert told[writer] == (0 if found is not None and found.was_there else 1)
    assert value(world, "SELECT sum(created_rows) FROM imports") == len(writers)
