from importer.statuses import (
    CANCELLABLE,
    DISPATCHED,
    ENDED,
    REASONS,
    TAKES_ROWS,
    TRANSITIONS,
    UNFINISHED,
    Reason,
    Status,
)


def test_every_reason_has_a_sentence():
    assert set(REASONS) == set(Reason)


def test_no_move_leads_out_of_an_ended_import():
    assert not {source for source, _ in TRANSITIONS} & ENDED


def test_every_status_can_be_reached_and_every_import_can_end():
    reached = {Status.UPLOADING}
    while more := {target for source, target in TRANSITIONS if source in reached} - reached:
        reached |= more
    assert reached == set(Status)
    for status in set(Status) - ENDED:
        assert any(source is status for source, _ in TRANSITIONS), status


def test_whatever_has_not_ended_can_be_cancelled():
    assert set(Status) - ENDED - {Status.CANCELLING} == CANCELLABLE


def test_the_moves_that_the_counters_make_by_themselves_are_in_the_table():
    for status in UNFINISHED:
        assert (status, Status.COMPLETED) in TRANSITIONS
    for status in DISPATCHED:
        assert (status, Status.PAUSING) in TRANSITIONS


def test_no_row_of_a_cancelled_or_stopped_import_takes_effect():
    assert not {Status.CANCELLING, Status.CANCELLED, Status.STOPPED, Status.UPLOADING} & TAKES_ROWS
