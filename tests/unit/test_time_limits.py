"""Each limit leaves room for what has to happen within it."""

import importer.time_limits as limit

PLATFORM_STOP_SECONDS = 30
"""Heroku kills a process so long after SIGTERM: https://devcenter.heroku.com/articles/dynos#shutdown"""

ROUTER_SECONDS = 30
"""Heroku's router gives up a request: https://devcenter.heroku.com/articles/http-routing#timeouts"""

S3_REQUEST_SECONDS = 3 * (limit.S3_CONNECT_SECONDS + limit.S3_READ_SECONDS)
LONGEST_ROW_BY_ROW_SECONDS = limit.ROW_BY_ROW_SECONDS + limit.MAX_ROW_TIMEOUT_SECONDS
BUSY_RECOVERY_SECONDS = limit.BETWEEN_RQ_SECONDS + LONGEST_ROW_BY_ROW_SECONDS
"""From one pass of a worker that is alone and busy to its next."""


def test_a_worker_gives_up_a_wait_for_a_lock_a_statement_or_an_idle_transaction_while_its_claim_is_its_own():
    assert limit.LOCK_SECONDS < limit.STATEMENT_SECONDS < limit.CLAIM_LEASE_SECONDS
    assert limit.IDLE_IN_TRANSACTION_SECONDS < limit.CLAIM_LEASE_SECONDS


def test_a_row_that_computes_is_given_up_before_postgres_ends_its_transaction():
    assert limit.IDLE_IN_TRANSACTION_SECONDS > limit.MAX_ROW_TIMEOUT_SECONDS
    assert limit.STATEMENT_SECONDS > limit.MAX_ROW_TIMEOUT_SECONDS


def test_a_batch_saved_row_by_row_has_time_to_commit_within_its_claims_lease():
    assert LONGEST_ROW_BY_ROW_SECONDS + 5 <= limit.CLAIM_LEASE_SECONDS


def test_a_batch_with_checks_that_never_end_is_given_up_while_its_claim_is_its_own():
    by_position_and_by_name = 2 * limit.CHECK_SECONDS
    assert by_position_and_by_name + limit.MAX_BATCH_SECONDS < limit.IDLE_IN_TRANSACTION_SECONDS


def test_a_batch_saved_by_one_statement_may_wait_for_a_lock_first():
    assert limit.MAX_BATCH_SECONDS > 0
    assert limit.LOCK_SECONDS + limit.MAX_BATCH_SECONDS <= limit.STATEMENT_SECONDS


def test_a_batch_may_take_twice_as_long_as_it_aims_to():
    assert limit.STATEMENT_SECONDS > 2 * limit.MAX_BATCH_SECONDS
    assert limit.CLAIM_LEASE_SECONDS > 2 * limit.MAX_BATCH_SECONDS


def test_a_setback_is_remembered_until_the_death_of_the_next_worker_is_found():
    assert limit.SETBACKS_REMEMBERED_SECONDS > 10 * limit.CLAIM_LEASE_SECONDS


def test_a_killed_workers_rows_are_back_within_30_seconds_as_the_docs_promise():
    until_recovery = limit.RECOVERY_SECONDS + limit.BETWEEN_RQ_SECONDS + limit.MAX_BATCH_SECONDS
    assert limit.CLAIM_LEASE_SECONDS + until_recovery < 30


def test_a_busy_worker_reports_before_it_counts_as_dead():
    assert BUSY_RECOVERY_SECONDS < limit.ALIVE_SECONDS
    assert limit.MAX_BACKOFF_SECONDS < limit.ALIVE_SECONDS


def test_a_dispatcher_whose_s3_falls_silent_reports_before_it_counts_as_dead():
    after_its_end = limit.S3_READ_SECONDS + limit.SLICE_SETBACK_SECONDS
    assert limit.MAX_SLICE_SECONDS > 0
    assert limit.MAX_SLICE_SECONDS + after_its_end <= limit.ALIVE_SECONDS


def test_rq_keeps_what_is_at_work_and_alive():
    assert limit.WORKER_KEY_SECONDS >= limit.ALIVE_SECONDS
    assert limit.SLICE_TIMEOUT_SECONDS > limit.MAX_SLICE_SECONDS + S3_REQUEST_SECONDS + limit.ALIVE_SECONDS


def test_whoever_is_asked_to_stop_has_left_before_the_platform_kills_it():
    assert LONGEST_ROW_BY_ROW_SECONDS < PLATFORM_STOP_SECONDS
    assert limit.STATEMENT_SECONDS < PLATFORM_STOP_SECONDS
    assert limit.S3_READ_SECONDS < PLATFORM_STOP_SECONDS
    assert limit.MAX_SLICE_SECONDS < PLATFORM_STOP_SECONDS


def test_a_slice_that_was_set_back_enqueues_the_next_while_its_lease_lasts():
    assert limit.SLICE_SETBACK_SECONDS < limit.DISPATCHER_LEASE_SECONDS


def test_waiting_for_a_job_does_not_look_like_a_broken_connection():
    assert limit.RECOVERY_SECONDS < limit.REDIS_ANSWER_SECONDS


def test_a_process_that_is_alone_finds_its_turn_at_recovery_free_each_time():
    assert limit.RECOVERY_TURN_MILLISECONDS < limit.RECOVERY_SECONDS * 1000


def test_recovery_still_knows_at_its_next_pass_how_many_rows_had_ended():
    assert limit.STALL_REMEMBERED_SECONDS > BUSY_RECOVERY_SECONDS


def test_the_doctor_complains_of_nothing_that_recovery_is_about_to_mend():
    assert limit.DOCTOR_LOOKS_SECONDS > limit.RECOVERY_SECONDS
    assert limit.DOCTOR_GRACE_SECONDS > limit.RETRY_GRACE_SECONDS + BUSY_RECOVERY_SECONDS + limit.S3_READ_SECONDS


def test_an_upload_that_waits_for_its_client_or_for_s3_is_not_stale():
    longest_silence = limit.PLACE_SECONDS + limit.BODY_SECONDS + limit.UPLOAD_REPORT_SECONDS + S3_REQUEST_SECONDS
    assert longest_silence < limit.STALE_UPLOAD_SECONDS


def test_an_upload_that_gets_no_place_is_told_so_before_herokus_router_gives_up():
    assert limit.PLACE_SECONDS < ROUTER_SECONDS


def test_a_converter_that_lives_says_so_several_times_before_its_lease_lapses():
    assert 3 * limit.CONVERTER_LOOK_SECONDS < limit.CONVERTER_LEASE_SECONDS


def test_a_conversion_begins_anew_soon_after_its_converter_died():
    assert limit.CONVERTER_LEASE_SECONDS + 2 * limit.RECOVERY_SECONDS < 20


def test_a_portion_of_a_repair_is_committed_while_its_dispatchers_lease_is_its_own():
    assert 3 * limit.REPAIR_PORTION_SECONDS < limit.DISPATCHER_LEASE_SECONDS
    assert limit.REPAIR_PORTION_SECONDS < limit.IDLE_IN_TRANSACTION_SECONDS
