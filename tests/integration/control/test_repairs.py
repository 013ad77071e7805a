"""A rule changes the chosen failed rows, each once, and they are tried again (docs/repairs.md)."""

import json

import pytest
from accounting import assert_every_row_accounted_for
from sqlalchemy import select

from importer.control import answers, imports, repair_previews, repairs, retries
from importer.control.options import Options
from importer.control.repairs import RepairReport, prepared, repairs_of
from importer.errors import RefusedTransitionError, RuleError
from importer.ledger.chosen_rows import ChosenRows
from importer.lifecycle.events import events_of
from importer.models import Correction, Import, Layout, Repair, User
from importer.statuses import Status
from jobs.dispatcher import repairs as portions

HEADER = "email,name,balance,signup_date\n"
BALANCES = ChosenRows("balance", "other_decimal_mark")
BY_POINT = {"kind": "decimal_mark", "mark": "."}


def mixed(rows: int, *, wrong: int) -> str:
    """A file with a decimal comma, whose first rows have a point instead."""
    balance = lambda number: "12.5" if number < wrong else '"12,5"'  # noqa: E731
    lines = (f"p{number}@example.com,Name {number},{balance(number)},2024-01-31\n" for number in range(rows))
    return HEADER + "".join(lines)


@pytest.fixture
def comma(world):
    """Import a file by a decimal comma."""

    def import_by_comma(csv: str, *, runs: bool = True) -> str:
        import_id = world.upload(csv)
        if world.status(import_id) == Status.WAITING:
            with world.session() as session:
                import_ = session.scalars(select(Import).where(Import.id == import_id)).one()
                person = session.scalars(select(User)).one()
                options = Options({"decimal_mark-3": ","})
                answers.answer(session, world.services, import_, person, options)
        if runs:
            world.run()
        return import_id

    return import_by_comma


@pytest.fixture
def repair(world):
    """Begin a repair as ann@example.com does."""

    def begin(import_id: str, chosen: ChosenRows, told: dict, **options) -> Repair:
        with world.session() as session:
            import_ = world.find_whole(import_id)
            person = session.scalars(select(User)).one()
            rule = prepared(world.services, import_, chosen, told)
            return repairs.begin(session, world.services, import_, person, chosen, rule, **options)

    return begin


@pytest.fixture
def previewed(world):
    def preview(import_id: str, chosen: ChosenRows, told: dict, after: int = 0) -> repair_previews.Preview:
        with world.session() as session:
            import_ = world.find_whole(import_id)
            rule = prepared(world.services, import_, chosen, told)
            return repair_previews.preview(session, world.services, import_, chosen, rule, after=after)

    return preview


@pytest.fixture
def listed(world):
    def reports(import_id: str) -> list[RepairReport]:
        with world.session() as session:
            return repairs_of(session, world.find_whole(import_id))

    return reports


def corrections(world, import_id: str) -> list[Correction]:
    with world.session() as session:
        of_import = select(Correction).where(Correction.import_sequence == world.find(import_id).sequence)
        return list(session.scalars(of_import.order_by(Correction.row_number, Correction.attempt)))


def test_a_group_is_repaired_by_a_rule_and_imported(world, comma, repair, listed):
    import_id = comma(mixed(10, wrong=4))
    assert world.counts(import_id) == {"created": 6, "failed": 4}
    repair(import_id, BALANCES, BY_POINT)
    world.run()
    assert world.counts(import_id) == {"created": 10}
    assert {str(record["balance"]) for record in world.records().values()} == {"12.50"}
    (report,) = listed(import_id)
    assert (report.words, report.made_by) == ("Read numbers with a decimal point in balance", "ann@example.com")
    assert (report.changed_rows, report.imported_rows, report.failing_rows, report.is_over) == (4, 4, 0, True)
    kept = corrections(world, import_id)
    assert [(one.row_number, one.attempt, one.changes) for one in kept] == [
        (number, 2, [[2, "12.5", "12,5"]]) for number in range(1, 5)
    ]


def test_what_still_fails_is_told_and_stays_failed_for_its_new_reason(world, comma, repair, listed):
    import_id = comma(mixed(4, wrong=3))
    repair(import_id, BALANCES, {"kind": "replace", "find": ".5", "by": ".x"})
    world.run()
    (report,) = listed(import_id)
    assert (report.changed_rows, report.imported_rows, report.failing_rows) == (3, 0, 3)
    assert set(world.codes(import_id).values()) == {"not_a_number"}
    assert {row.attempts for row in world.failed_rows(import_id).values()} == {2}


def test_rows_that_a_rule_leaves_as_they_are_are_counted_and_not_tried(world, comma, repair, listed):
    import_id = comma(mixed(4, wrong=3))
    repair(import_id, BALANCES, {"kind": "replace", "find": "7", "by": "8"})
    world.run()
    (report,) = listed(import_id)
    assert (report.changed_rows, report.unchanged_rows, report.is_over) == (0, 3, True)
    assert {row.attempts for row in world.failed_rows(import_id).values()} == {1}


def test_portions_follow_each_other_until_every_chosen_row_is_changed_once(world, comma, repair, monkeypatch):
    monkeypatch.setattr(portions, "ROWS_PER_PORTION", 3)
    import_id = comma(mixed(20, wrong=11))
    repair(import_id, BALANCES, BY_POINT)
    world.run()
    assert world.counts(import_id) == {"created": 20}
    assert [one.row_number for one in corrections(world, import_id)] == list(range(1, 12))


def test_a_portion_ends_where_its_time_is_over_and_the_next_goes_on_behind_it(world, comma, repair, monkeypatch):
    monkeypatch.setattr(portions, "REPAIR_PORTION_SECONDS", -1)
    import_id = comma(mixed(6, wrong=5))
    repair(import_id, BALANCES, BY_POINT)
    world.run()
    assert world.counts(import_id) == {"created": 6}
    assert [one.row_number for one in corrections(world, import_id)] == [1, 2, 3, 4, 5]


def test_two_repairs_are_carried_out_one_after_the_other_and_the_second_waits_for_the_rows_of_the_first(
    world, comma, repair, listed
):
    import_id = comma(mixed(4, wrong=3))
    repair(import_id, ChosenRows("balance"), {"kind": "replace", "find": "12", "by": "x"})
    repair(import_id, ChosenRows("balance"), {"kind": "set", "value": "7,5"})
    world.dispatch()
    second, first = listed(import_id)
    assert (first.is_finished, first.changed_rows, first.retrying_rows) == (True, 3, 3)
    assert (second.is_finished, second.changed_rows) == (False, 0)
    world.work()
    world.recover()
    world.run()
    second, first = listed(import_id)
    assert (second.changed_rows, second.imported_rows, second.is_over) == (3, 3, True)
    assert world.counts(import_id) == {"created": 4}
    assert [one.attempt for one in corrections(world, import_id)] == [2, 3, 2, 3, 2, 3]


def test_rows_are_repaired_while_others_of_the_import_still_wait(world, comma, repair, setting):
    setting(slice_seconds=0.01, max_queued_rows=10)
    import_id = comma(mixed(60, wrong=20), runs=False)
    world.run_slice(import_id)
    world.work()
    repair(import_id, BALANCES, BY_POINT)
    for _ in range(30):
        world.run_slice(import_id)
        world.work()
    repair(import_id, BALANCES, BY_POINT)
    world.run()
    assert world.counts(import_id) == {"created": 60}
    assert_every_row_accounted_for(world, import_id, world.records(), rows=60)


def test_discarded_rows_stay_failed_are_not_tried_and_can_be_brought_back(world, comma, repair, listed):
    import_id = comma(mixed(4, wrong=3))
    repair(import_id, BALANCES, {"kind": "discard"})
    world.run()
    assert world.counts(import_id) == {"created": 1, "failed": 3}
    assert all(row.discarded_at for row in world.failed_rows(import_id).values())
    world.verb(retries.retry, import_id)
    world.run()
    assert {row.attempts for row in world.failed_rows(import_id).values()} == {1}
    repair(import_id, BALANCES, {"kind": "restore"})
    world.run()
    assert not any(row.discarded_at for row in world.failed_rows(import_id).values())
    assert [(report.kind, report.changed_rows) for report in listed(import_id)] == [("restore", 3), ("discard", 3)]


def test_recovery_finds_a_repair_whose_dispatcher_was_lost(world, comma, repair):
    import_id = comma(mixed(4, wrong=3))
    repair(import_id, BALANCES, BY_POINT)
    world.redis.flushall()
    world.recover()
    world.run()
    assert world.counts(import_id) == {"created": 4}


def test_a_rule_that_raises_ends_after_three_tries_and_holds_up_no_other(world, comma, repair, listed):
    import_id = comma(mixed(4, wrong=3))
    broken = repair(import_id, BALANCES, BY_POINT)
    repair(import_id, BALANCES, BY_POINT)
    world.execute(
        "UPDATE repairs SET rule = :rule WHERE id = :id", rule='{"kind": "case", "to": "x"}', id=broken.id
    )
    for _ in range(4):
        world.recover()
        world.run()
    assert world.counts(import_id) == {"created": 4}
    world.execute("UPDATE repairs SET rule = :rule WHERE id = :id", rule='{"kind": "trim"}', id=broken.id)
    second, first = listed(import_id)
    assert (first.is_over, first.changed_rows) == (True, 0)
    assert "RuleError" in first.reason
    assert second.imported_rows == 3


def test_a_cancelled_import_refuses_repairs_and_its_unfinished_ones_end(world, comma, repair, listed):
    import_id = comma(mixed(30, wrong=3), runs=False)
    world.dispatch()
    world.work()
    world.execute("UPDATE imports SET status = 'running'")
    repair(import_id, BALANCES, BY_POINT)
    world.verb(imports.cancel, import_id)
    world.run()
    (report,) = listed(import_id)
    assert (report.is_over, report.reason) == (True, "The import was cancelled or stopped.")
    with pytest.raises(RefusedTransitionError):
        repair(import_id, BALANCES, BY_POINT)


def test_an_import_without_failed_rows_refuses_repairs(comma, repair):
    with pytest.raises(RefusedTransitionError, match="no failed rows"):
        repair(comma(mixed(2, wrong=0)), BALANCES, BY_POINT)


def test_a_rule_that_names_no_column_where_the_rows_have_no_field_is_refused(comma, repair):
    with pytest.raises(RuleError, match="does not say what it changes"):
        repair(comma(mixed(2, wrong=1)), ChosenRows(), {"kind": "trim"})


def test_a_row_whose_line_is_not_sound_is_changed_only_where_rows_like_it_were_chosen(world, repair, listed):
    import_id = world.import_file('email,name\na@example.com,Ann\nb@example.com,"Bob" x\nnonsense,Cy\n')
    assert world.codes(import_id) == {2: "text_after_quote", 3: "invalid_email"}
    repair(import_id, ChosenRows(), {"kind": "set", "value": "Dan", "columns": [1]})
    world.run()
    assert world.codes(import_id) == {2: "text_after_quote", 3: "invalid_email"}
    assert listed(import_id)[0].changed_rows == 1
    repair(import_id, ChosenRows("name", "text_after_quote"), {"kind": "set", "value": "Bob"})
    world.run()
    assert world.codes(import_id) == {3: "invalid_email"}
    assert world.records()["b@example.com"]["name"] == "Bob"


# What a preview tells


def test_a_preview_counts_what_would_pass_and_shows_ten_rows_before_and_after(world, comma, previewed):
    lines = "".join(f"nonsense{number},Name,12.5,2024-01-31\n" for number in range(5))
    import_id = comma(mixed(20, wrong=15) + lines)
    found = previewed(import_id, ChosenRows("balance"), BY_POINT)
    assert (found.rows, found.would_pass, found.would_fail, found.unchanged) == (20, 15, 5, 0)
    assert (found.total, found.looked_at, found.next) == (20, 20, None)
    assert len(found.examples) == 10
    (cell,) = found.examples[0].changes
    assert (found.examples[0].row_number, cell.name, cell.before, cell.after) == (1, "balance", "12.5", "12,5")
    assert world.counts(import_id) == {"created": 5, "failed": 20}


def test_the_parts_of_a_preview_add_up_to_the_whole(comma, previewed, monkeypatch):
    monkeypatch.setattr(repair_previews, "SECONDS", 0.0)
    monkeypatch.setattr(repair_previews, "ROWS_PER_STRETCH", 4)
    import_id = comma(mixed(20, wrong=11))
    parts = [previewed(import_id, BALANCES, BY_POINT)]
    while parts[-1].next is not None:
        parts.append(previewed(import_id, BALANCES, BY_POINT, after=parts[-1].next))
    assert [part.looked_at for part in parts] == [4, 4, 3]
    assert sum(part.would_pass for part in parts) == 11


def test_a_preview_says_why_a_changed_row_would_still_fail(comma, previewed):
    found = previewed(comma(mixed(2, wrong=1)), BALANCES, {"kind": "set", "value": "much"})
    assert (found.would_pass, found.would_fail) == (0, 1)
    assert found.examples[0].reason.startswith("balance: should be a number")


def test_what_a_preview_says_of_a_row_is_what_becomes_of_it(world, comma, repair, previewed):
    import_id = comma(
        mixed(4, wrong=3) + "nonsense,x,12.5,2024-01-31\n,y,12.5,\n" + mixed(9, wrong=5)[len(HEADER) :]
    )
    found = previewed(import_id, ChosenRows("balance"), BY_POINT)
    repair(import_id, ChosenRows("balance"), BY_POINT)
    world.run()
    assert len(world.failed_rows(import_id)) == found.would_fail == 2


@pytest.mark.parametrize("code", ["check_timeout", "worker_died"])
def test_a_row_whose_check_may_never_end_is_not_checked_for_a_preview(world, comma, previewed, code):
    import_id = comma(mixed(2, wrong=1))
    world.execute("UPDATE failed_rows SET code = :code", code=code)
    found = previewed(import_id, ChosenRows("balance"), BY_POINT)
    assert (found.would_pass, found.would_fail) == (0, 1)
    assert found.examples[0].reason.startswith("not checked here")


# What is remembered


def test_a_rule_of_how_a_column_is_read_is_remembered_for_files_with_the_same_columns(world, repair):
    import_id = world.import_file(HEADER + "a@example.com,Ann,1,13/31/2024\nb@example.com,Bob,n.b.,2024-01-31\n")
    chosen = ChosenRows("balance")
    assert world.codes(import_id)[2]
    repair(import_id, chosen, {"kind": "empty", "cells": ["n.b."]}, remembers=True)
    with world.session() as session:
        (layout,) = session.scalars(select(Layout))
    assert layout.answers["no_values-3"] == ["n.b."]
    world.run()
    again = world.import_file(HEADER + "c@example.com,Cy,n.b.,2024-01-31\n")
    assert world.counts(again) == {"created": 1}


def test_a_rule_that_is_no_way_of_reading_cannot_be_remembered(comma, repair):
    with pytest.raises(RuleError, match="cannot be remembered"):
        repair(comma(mixed(2, wrong=1)), BALANCES, {"kind": "trim"}, remembers=True)


def test_changes_of_an_attempt_that_never_began_are_kept_before_those_of_a_repair(world, comma, repair):
    import_id = comma(mixed(2, wrong=1))
    sequence = world.find(import_id).sequence
    world.execute(
        "INSERT INTO corrections (import_sequence, row_number, attempt, changes) VALUES (:sequence, 1, 2, :told)",
        sequence=sequence,
        told=json.dumps([[2, "]0", "12.5"]]),
    )
    repair(import_id, BALANCES, BY_POINT)
    world.run()
    (kept,) = corrections(world, import_id)
    assert kept.changes == [[2, "]0", "12.5"], [2, "12.5", "12,5"]]


# Retries of a group


def test_a_retry_of_a_group_tries_its_rows_alone_and_changes_nothing_in_them(
    world, comma, repair, listed, monkeypatch
):
    monkeypatch.setattr(portions, "ROWS_PER_PORTION", 2)
    import_id = comma(mixed(10, wrong=5) + "nonsense,N,,\n")
    world.execute("UPDATE failed_rows SET cells = replace(cells, '12.5', '12,5') WHERE row_number < 5")
    repair(import_id, BALANCES, {"kind": "retry"})
    world.run()
    assert world.counts(import_id) == {"created": 9, "failed": 2}
    assert {number: row.attempts for number, row in world.failed_rows(import_id).items()} == {5: 2, 11: 1}
    assert corrections(world, import_id) == []
    (report,) = listed(import_id)
    assert (report.words, report.changed_rows, report.is_over) == ("Try the rows again as they are", 5, True)
    assert_every_row_accounted_for(world, import_id, world.records(), rows=11)


def test_a_retry_of_what_a_search_finds_leaves_other_and_discarded_rows_alone(world, comma, repair):
    import_id = comma(mixed(10, wrong=4))
    repair(import_id, ChosenRows(text="p1@"), {"kind": "discard"})
    repair(import_id, ChosenRows(text="p"), {"kind": "retry"})
    world.run()
    repair(import_id, ChosenRows(text="p3@"), {"kind": "retry"})
    world.run()
    assert {number: row.attempts for number, row in world.failed_rows(import_id).items()} == {
        1: 2,
        2: 1,
        3: 2,
        4: 3,
    }


def test_the_history_says_that_a_group_was_tried_again(world, comma, repair):
    import_id = comma(mixed(4, wrong=3))
    repair(import_id, BALANCES, {"kind": "retry"})
    with world.session() as session:
        lines, _ = events_of(session, world.find(import_id), limit=10)
    assert "ann@example.com had failed rows of some kind tried again." in [line.sentence for line in lines]
