"""Jobs that are none of ours, and record types that do not tell the truth."""

import json
import zlib

import pytest
from world import contacts_csv, many_contacts

from importer.control import imports
from importer.record_types import Effects, Met
from importer.record_types.contacts import Contacts
from importer.statuses import Reason, Status
from jobs.rows.claims import Claims
from jobs.rows.worker import RowWorker


def test_a_foreign_or_spoilt_job_on_the_queue_keeps_no_other_row_from_being_imported(world):
    import_id = world.upload(contacts_csv([("a@example.com", "Ann"), ("b@example.com", "Bob")]))
    world.dispatch()
    foreign = world.low.enqueue("os.getpid", at_front=True)
    spoilt = world.job(import_id, 2)
    spoilt.args = spoilt.args[:3]
    spoilt.save()
    world.work()
    assert world.counts(import_id) == {"created": 1}
    assert set(world.failed.get_job_ids(cleanup=False)) == {foreign.id, spoilt.id}
    assert all(world.redis.ttl(f"rq:results:{job_id}") > 0 for job_id in (foreign.id, spoilt.id))


def test_a_foreign_or_spoilt_job_deep_in_a_batch_keeps_no_other_row_from_being_imported(world):
    csv, records = many_contacts(600)
    import_id = world.upload(csv)
    world.dispatch()
    spoilt = world.job(import_id, 450)
    spoilt.args = spoilt.args[:3]
    spoilt.save()
    RowWorker(world.services)._work_off(Claims(world.redis).take(limit=600))
    assert world.counts(import_id) == {"created": 599}
    assert world.failed.get_job_ids(cleanup=False) == [spoilt.id]
    assert set(records) - set(world.records()) == {"person449@example.com"}


@pytest.mark.parametrize(
    "spoilt",
    [
        {"row": 0},
        {"row": -1},
        {"row": True},
        {"row": "1"},
        {"row": 1.0},
        {"row": 2**31},
        {"row": 2**32 + 1},
        {"line": 2**31},
        {"cells": [1, "Ann"]},
        {"cells": {"email": "a@example.com"}},
        {"problem": ["code"]},
        {"problem": [1, 2, 3]},
        {"keywords": {"attempt": "2"}},
        {"keywords": {"attempt": 0}},
        {"import_id": "another"},
    ],
    ids=str,
)
def test_numbers_cells_and_problems_that_nobody_wrote_make_no_row(world, spoilt):
    import_id = world.upload(contacts_csv([("a@example.com", "Ann"), ("b@example.com", "Bob")]))
    world.dispatch()
    sound = {"import_id": import_id, "row": 1, "line": 2, "cells": ["a@example.com", "Ann"], "problem": None}
    *arguments, keywords = {**sound, "keywords": {}, **spoilt}.values()
    data = json.dumps(["jobs.rows.alone.import_row", None, [2, *arguments], keywords])
    world.redis.hset(f"rq:job:{import_id}_1", "data", data)
    world.work()
    assert world.failed.get_job_ids(cleanup=False) == [f"{import_id}_1"]
    assert (world.counts(import_id), world.ledger(import_id)) == ({"created": 1}, {2})


@pytest.mark.parametrize("data", [b"", b" ", zlib.compress(b""), b"1,2", b"[" * 100_000, b"[],[]"], ids=range(6))
@pytest.mark.parametrize("row", [1, 450])
def test_data_that_are_no_call_hold_up_no_other_row(world, data, row):
    import_id = world.upload(many_contacts(600)[0])
    world.dispatch()
    world.redis.hset(f"rq:job:{import_id}_{row}", "data", data)
    RowWorker(world.services)._work_off(Claims(world.redis).take(limit=600))
    assert world.counts(import_id) == {"created": 599}
    assert world.failed.get_job_ids(cleanup=False) == [f"{import_id}_{row}"]


def test_a_check_that_raises_fails_its_row_alone(world, monkeypatch):
    monkeypatch.setattr(Contacts, "validate", lambda self, cells: 1 / int(cells["name"] != "Bob") and cells)
    import_id = world.import_file(contacts_csv([("a@example.com", ""), ("b@example.com", "Bob")]))
    assert world.codes(import_id)[2] == "check_raised"


def test_a_save_that_miscounts_pauses_the_import_instead_of_reading_it_for_ever(world, monkeypatch):
    monkeypatch.setattr(Contacts, "save", lambda *_: Effects(created=5))
    import_id = world.import_file(contacts_csv([("a@example.com", "Ann")]))
    found = world.find(import_id)
    assert (found.status, found.reason_code) == (Status.PAUSING, Reason.RECORD_TYPE_BROKEN)
    assert "effects of 5 rows" in found.reason


@pytest.mark.parametrize("met", [([1, 2], [0], [True]), ([2], [0], [True])])
def test_a_save_that_tells_whom_other_rows_met_pauses_the_import(met, world, monkeypatch):
    monkeypatch.setattr(Contacts, "save", lambda self, _, rows, origin: Effects(updated=len(rows), met=Met(*met)))
    found = world.find(world.import_file(contacts_csv([("a@example.com", "Ann")])))
    assert (found.status, found.reason_code) == (Status.PAUSING, Reason.RECORD_TYPE_BROKEN)
    assert "met" in found.reason


def test_deleting_an_import_forgets_its_failed_slices_too(world, monkeypatch):
    import_id = world.upload(contacts_csv([("a@example.com", "Ann")]))
    monkeypatch.setattr("jobs.dispatcher.slice.Slice.run", lambda _: 1 / 0)
    world.dispatch()
    assert world.failed_slices.get_job_ids()
    world.verb(imports.delete, import_id)
    world.recover()
    assert not world.failed_slices.get_job_ids()


def test_a_save_row_that_returns_nothing_pauses_the_import_instead_of_failing_every_row(world, monkeypatch):
    monkeypatch.setattr(Contacts, "save_row", lambda *_: None, raising=False)
    import_id = world.import_file(contacts_csv([("a@example.com", "Ann"), ("b@example.com", "Bob")]))
    found = world.find(import_id)
    assert (found.status, found.failed_rows) == (Status.PAUSING, 0)
    assert "must return an Effect" in found.reason


def test_a_save_that_raises_over_one_row_fails_that_row_and_saves_the_others(world, monkeypatch):
    save = Contacts.save

    def choosy(self, connection, rows, origin):
        if any(origin.named(row)["name"] == "Bob" for row in rows):
            raise KeyError("Bob is unknown here")
        return save(self, connection, rows, origin)

    monkeypatch.setattr(Contacts, "save", choosy)
    import_id = world.import_file(contacts_csv([("a@example.com", "Ann"), ("b@example.com", "Bob")]))
    assert world.status(import_id) == Status.COMPLETED
    assert world.codes(import_id) == {2: "save_raised"}
    assert set(world.records()) == {"a@example.com"}
