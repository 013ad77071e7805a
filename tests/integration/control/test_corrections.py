"""A failed row is corrected once, by one person, and tried at once (docs/design.md, rule 6)."""

import threading

import pytest
from accounting import assert_every_row_accounted_for
from sqlalchemy import select
from world import contacts, contacts_csv

from importer.control import corrections, imports, retries
from importer.errors import OutdatedRowError, RefusedCellError, RefusedTransitionError, UnknownRowError
from importer.ledger.corrections import correct
from importer.models import Correction, User
from jobs.rows.batch import Batches
from jobs.rows.job import encode_retry

ROWS = [("nonsense", "Ann"), ("b@example.com", "Bob"), ("more nonsense", "")]
MENDED = contacts({"a@example.com": "Ann", "b@example.com": "Bob"})


@pytest.fixture
def failed(world):
    """An import whose first and third rows have failed."""
    return world.import_file(contacts_csv(ROWS))


@pytest.fixture
def correct_row(world):
    def correct_row(import_id, row_number, attempt, changes, *, email="ann@example.com"):
        with world.session() as session:
            user = session.scalar(select(User).where(User.email == email))
            import_ = world.find_whole(import_id)
            return corrections.correct(session, world.services, import_, row_number, attempt, changes, user)

    return correct_row


@pytest.fixture
def check_row(world):
    def check_row(import_id, row_number, changes):
        with world.session() as session:
            import_ = world.find_whole(import_id)
            found = corrections.check(session, world.services, import_, row_number, changes)
            return [(fault.field, fault.places, fault.code) for fault in found]

    return check_row


def kept(world, import_id):
    sequence = world.find(import_id).sequence
    with world.session() as session:
        found = session.scalars(select(Correction).where(Correction.import_sequence == sequence)).all()
        return [(row.row_number, row.attempt, row.changes, row.made_by is not None) for row in found]


def test_a_corrected_row_is_imported_and_what_was_changed_is_kept(world, failed, correct_row):
    correct_row(failed, 1, 1, {0: "a@example.com"})
    world.run()
    assert world.codes(failed) == {3: "invalid_email"}
    assert_every_row_accounted_for(world, failed, MENDED, rows=3)
    assert kept(world, failed) == [(1, 2, [[0, "nonsense", "a@example.com"]], True)]


def test_a_correction_that_is_still_wrong_fails_for_its_new_reason_and_may_be_corrected_again(
    world, failed, correct_row
):
    correct_row(failed, 3, 1, {0: "c@example.com"})
    world.run()
    assert world.codes(failed)[3] == "missing_value"
    correct_row(failed, 3, 2, {1: "Cleo"})
    world.run()
    assert set(world.codes(failed)) == {1}
    assert [attempt for _, attempt, _, _ in kept(world, failed)] == [2, 3]


def test_of_two_who_correct_a_row_at_once_one_does_and_the_other_is_told_who(world, failed, correct_row):
    begun, told = threading.Event(), []

    def second() -> None:
        begun.set()
        with pytest.raises(OutdatedRowError) as error:
            correct_row(failed, 1, 1, {0: "second@example.com"})
        told.append(error.value.message)

    with world.session() as session:
        import_ = world.find_whole(failed)
        limits = corrections.limits_of(world.services, import_)
        user = session.scalar(select(User))
        correct(session, import_, 1, 1, {0: "a@example.com"}, user.id, limits)
        thread = threading.Thread(target=second)
        thread.start()
        begun.wait(10)
        thread.join(0.3)
        assert thread.is_alive()  # it waits for the row
        session.commit()
    thread.join(10)
    world.execute("UPDATE failed_rows SET retry_requested_at = now() - interval '1 minute' WHERE row_number = 1")
    world.recover()
    world.run()
    assert told[0].startswith("Row 1 is being tried again. ann@example.com changed it at ")
    assert len(kept(world, failed)) == 1
    assert_every_row_accounted_for(world, failed, MENDED, rows=3)


def test_a_row_whose_retry_is_on_its_way_is_not_corrected(world, failed, correct_row):
    world.verb(retries.retry, failed, row_number=1)
    with pytest.raises(OutdatedRowError, match="is being tried again"):
        correct_row(failed, 1, 1, {0: "a@example.com"})
    world.run()
    with pytest.raises(OutdatedRowError, match="was tried again since it was shown"):
        correct_row(failed, 1, 1, {0: "a@example.com"})
    assert kept(world, failed) == []


def test_a_row_that_waits_for_the_retry_of_all_is_not_corrected(world, failed, correct_row):
    world.verb(retries.retry, failed)
    with pytest.raises(OutdatedRowError):
        correct_row(failed, 3, 1, {0: "c@example.com"})


def test_a_job_of_the_attempt_before_the_correction_changes_nothing_and_its_own_counts_once(
    world, failed, correct_row
):
    correct_row(failed, 1, 1, {0: "a@example.com"})
    batches = Batches(world.services)
    batches.apply(failed, [encode_retry(failed, 1, 2, 1)])
    assert world.codes(failed)[1] == "invalid_email"
    for _ in range(2):
        batches.apply(failed, [encode_retry(failed, 1, 2, 2)])
    assert world.records() == MENDED
    assert world.counts(failed) == {"created": 2, "failed": 1}
    assert set(world.codes(failed)) == {3}


def test_a_worker_that_dies_with_a_corrected_row_leaves_it_to_the_next(world, failed, correct_row):
    correct_row(failed, 1, 1, {0: "a@example.com"})
    world.dispatch()
    world.claim(1)
    world.let_leases_lapse()
    world.recover()
    world.run()
    assert_every_row_accounted_for(world, failed, MENDED, rows=3)


def test_an_imported_row_is_not_corrected_and_who_corrected_it_is_told(world, failed, correct_row):
    correct_row(failed, 1, 1, {0: "a@example.com"})
    world.run()
    with pytest.raises(UnknownRowError, match=r"Row 1 is not a failed row\. ann@example\.com changed it at "):
        correct_row(failed, 1, 1, {0: "other@example.com"})
    with pytest.raises(UnknownRowError, match=r"Row 2 is not a failed row\.$"):
        correct_row(failed, 2, 1, {0: "other@example.com"})


def test_a_cancelled_import_refuses_corrections(world, correct_row):
    import_id = world.upload(contacts_csv(ROWS))
    world.run_slice(import_id)
    world.work()
    world.execute("UPDATE imports SET status = 'running', total_rows = NULL")
    world.verb(imports.cancel, import_id)
    with pytest.raises(RefusedTransitionError):
        correct_row(import_id, 1, 1, {0: "a@example.com"})
    assert kept(world, import_id) == []


def test_a_discarded_row_is_brought_back_before_it_is_corrected(world, failed, correct_row):
    world.execute("UPDATE failed_rows SET discarded_at = now() WHERE row_number = 1")
    with pytest.raises(OutdatedRowError, match="Bring it back"):
        correct_row(failed, 1, 1, {0: "a@example.com"})


@pytest.mark.parametrize("changes", [{}, {0: "nonsense"}])
def test_a_correction_that_changes_nothing_is_refused(failed, correct_row, changes):
    with pytest.raises(RefusedCellError, match="Nothing was changed"):
        correct_row(failed, 1, 1, changes)


def test_cells_too_many_are_not_dropped_by_the_correction_of_another_cell(world, correct_row):
    import_id = world.import_file("email,name,balance\nnonsense,Ann,1.00,surplus\n")
    correct_row(import_id, 1, 1, {0: "a@example.com"})
    world.run()
    assert world.codes(import_id) == {1: "too_many_cells"}
    correct_row(import_id, 1, 2, {3: ""})
    world.run()
    assert world.codes(import_id) == {}
    assert set(world.records()) == {"a@example.com"}


def test_a_row_of_which_only_the_beginning_is_kept_is_not_imported_without_the_rest(world, correct_row):
    long = "x" * (world.services.settings.max_record_bytes + 1)
    import_id = world.import_file(f"email,name\na@example.com,{long}\nb@example.com,Bob\n")
    with pytest.raises(RefusedCellError, match="Only the beginning"):
        correct_row(import_id, 1, 1, {1: "Ann"})


def test_a_retry_that_was_taken_back_leaves_one_correction_with_all_that_was_changed(world, failed, correct_row):
    correct_row(failed, 3, 1, {0: "wrong"})
    world.execute("UPDATE failed_rows SET retry_requested_at = NULL")
    correct_row(failed, 3, 1, {0: "c@example.com", 1: "Cleo"})
    ((_, attempt, changes, _),) = kept(world, failed)
    assert (attempt, changes) == (2, [[0, "more nonsense", "c@example.com"], [1, "", "Cleo"]])


def test_what_would_be_wrong_after_a_change_is_told_by_field_with_its_cells(failed, check_row):
    assert check_row(failed, 3, {}) == [("email", [0], "invalid_email"), ("name", [1], "missing_value")]
    assert check_row(failed, 3, {0: "c@example.com"}) == [("name", [1], "missing_value")]
    assert check_row(failed, 3, {0: "c@example.com", 1: "Cleo"}) == []


def test_a_check_changes_nothing(world, failed, check_row):
    check_row(failed, 1, {0: "a@example.com"})
    assert world.failed_rows(failed)[1].cells == ["nonsense", "Ann"]
    assert kept(world, failed) == []
