"""What an import has come to is data, and says no more than the truth."""

import pytest

from importer.outcomes import (
    NOT_TAKEN,
    TELLINGS,
    Outcome,
    Step,
    Tone,
    next_step,
    outcome_of,
    rows,
    sentence_of,
    tone_of,
    words_of,
)
from importer.statuses import ENDED, Reason, Status


def test_every_outcome_is_told_in_words_and_in_a_sentence():
    assert set(TELLINGS) == set(Outcome)
    for outcome in Outcome:
        assert words_of(outcome, failed=3)
        assert sentence_of(outcome, failed=3).endswith(".")


@pytest.mark.parametrize("status", sorted(set(Status) - ENDED))
def test_an_import_that_has_not_ended_is_told_by_its_status(status):
    assert outcome_of(status, None, imported=5, failed=5) == status


@pytest.mark.parametrize(
    ("imported", "failed", "words", "tone"),
    [
        (30_000, 0, "Completed", Tone.GOOD),
        (95_100, 4_900, "Completed, 4,900 failed", Tone.PARTLY),
        (0, 30_000, "Nothing imported", Tone.BAD),
    ],
)
def test_a_completed_import_is_good_only_where_every_row_is_imported(imported, failed, words, tone):
    outcome = outcome_of(Status.COMPLETED, None, imported=imported, failed=failed)
    assert words_of(outcome, failed=failed) == words
    assert tone_of(outcome, None) is tone


@pytest.mark.parametrize("reason", list(Reason))
def test_a_file_that_never_became_rows_is_told_apart_from_an_import_that_could_not_go_on(reason):
    never = {"file_refused", "no_rows", "conversion_failed", "upload_broke_off"}
    assert (outcome_of(Status.STOPPED, reason, imported=0, failed=0) in NOT_TAKEN) == (reason in never)


def test_a_pause_that_nobody_asked_for_is_bad():
    assert tone_of(Outcome.PAUSED, Reason.BY_PERSON) is Tone.PARTLY
    assert tone_of(Outcome.PAUSED, Reason.TOO_MANY_FAILED) is Tone.BAD


def test_one_row_is_a_row():
    assert (rows(1), rows(0), rows(4900)) == ("1 row", "0 rows", "4,900 rows")
    assert sentence_of(Outcome.SOME_FAILED, failed=1).startswith("1 row failed.")


@pytest.mark.parametrize(
    ("repairable", "records", "step"),
    [(3, 5, Step.REPAIR), (3, 0, Step.REPAIR), (0, 5, Step.RECORDS), (0, 0, Step.ANOTHER)],
)
def test_what_to_do_next_is_to_repair_then_to_look_then_to_go_on(repairable, records, step):
    assert next_step(repairable_rows=repairable, records=records) is step
