"""Files that cannot be read where they lie are converted, whatever dies meanwhile, and read like any other."""

import errno
import gzip
import io
import json
import os
import signal
import zipfile
from pathlib import Path

import pytest
from rq.registry import FailedJobRegistry
from sqlalchemy import select, update
from sqlalchemy import text as sql
from waiting import wait_until
from workbooks import xlsx, zipped

from importer.control import answers as control_answers
from importer.control import imports
from importer.control.options import Options
from importer.control.reports import about_the_file, warnings_of
from importer.errors import StorageError, UnknownAnswersError
from importer.health.checks import Examination
from importer.lifecycle.converted import begin_conversion
from importer.lifecycle.transitions import MoveDetails
from importer.models import Import, User
from importer.models.imports import lines_key
from importer.queue import conversions, queues
from importer.queue.queues import DEFAULT, queue_named
from importer.statuses import Status
from jobs.clearing import Clearing
from jobs.files import conversion, deaths, memory, run
from jobs.files.worker import ConverterWorker

LARGE = 150_000
"""Rows of a workbook whose conversion takes some seconds."""


def text(value: str) -> str:
    return f'<c t="inlineStr"><is><t>{value}</t></is></c>'


def row(*values: str) -> str:
    return f"<row>{''.join(map(text, values))}</row>"


def people(count: int) -> bytes:
    """A workbook of so many contacts."""
    rows = (row(f"p{number}@example.com", f"Name {number}") for number in range(count))
    return xlsx(row("email", "name"), *rows).getvalue()


def emails(world) -> set[str]:
    with world.session() as session:
        return set(session.scalars(sql("SELECT email FROM contacts")))


def objects(world) -> list[str]:
    return [entry.key for page in world.services.storage.list_objects("imports/") for entry in page]


def answer(world, session, import_id, given) -> None:
    person = session.scalars(select(User)).one()
    control_answers.answer(session, world.services, session.get(Import, import_id), person, Options(given))


PEOPLE = [{"email": f"p{number}@example.com", "name": f"Name {number}"} for number in range(2)]
FILES = {
    "xlsx": people(2),
    "xlsx in zip": zipped({"people.xlsx": people(2)}).getvalue(),
    "gzip": gzip.compress(b"email,name\np0@example.com,Name 0\np1@example.com,Name 1\n"),
    "utf-16": "email\tname\np0@example.com\tName 0\np1@example.com\tName 1\n".encode("utf-16"),
    "carriage returns": b"email,name\rp0@example.com,Name 0\rp1@example.com,Name 1\r",
    "json lines": "\n".join(map(json.dumps, PEOPLE)).encode(),
    "json": json.dumps(PEOPLE).encode(),
    "json in utf-16": json.dumps(PEOPLE).encode("utf-16"),
    "json in an object": json.dumps({"count": 2, "data": PEOPLE, "next": None}).encode(),
    "html": b"<table><tr><td>email<td>name<tr><td>p0@example.com<td>Name 0"
    b"<tr><td>p1@example.com<td>Name 1</table>",
}


@pytest.fixture
def unbounded(monkeypatch):
    """A conversion in this very process does not bound its memory, which would be that of all tests after it."""
    monkeypatch.setattr(memory, "bound", lambda: None)


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_a_file_of_any_kind_ends_with_its_rows_in_the_database_and_leaves_nothing(world, file):
    import_id = world.upload(file)
    assert world.status(import_id) == Status.CONVERTING
    world.convert()
    found = world.find_whole(import_id)
    assert (found.status, found.reason) == (Status.QUEUED, None)
    assert found.header == ["email", "name"]
    world.run()
    found = world.find_whole(import_id)
    assert (found.status, found.created_rows, found.failed_rows) == (Status.COMPLETED, 2, 0)
    assert emails(world) == {"p0@example.com", "p1@example.com"}
    world.recover()
    assert objects(world) == []
    assert world.redis.keys("rq:job:*") == []


def test_failed_rows_name_the_row_of_the_sheet(world):
    file = xlsx(row("Members"), "<row/>", row("email", "name"), row("a@b.de", "A"), row("no address", "B"))
    import_id = world.begin_conversion(file.getvalue())
    world.convert()
    world.run()
    ((number, failed),) = world.failed_rows(import_id).items()
    assert (number, failed.line_number, failed.cells) == (2, 5, ["no address", "B"])


def test_a_column_of_a_workbook_that_has_no_name_is_asked_about_as_in_a_text(world):
    file = xlsx(row("email", "name", ""), row("a@b.de", "A", "ACME"), row("b@b.de", "B", "ACME"))
    import_id = world.begin_conversion(file.getvalue())
    world.convert()
    found = world.find_whole(import_id)
    assert (found.status, [question["id"] for question in found.questions]) == (Status.WAITING, ["column-3"])


FOREIGN = [
    ("xlsx", "column-9", "company"),
    ("xlsx", "sheet", "Nowhere"),
    ("xlsx", "encoding", "cp1252"),
    ("xlsx", "delimiter", ";"),
    ("xlsx", "header", "7,000"),
    ("xlsx in zip", "quote", "'"),
    ("utf-16", "sheet", "Sheet1"),
    ("utf-16", "encoding", "klingon"),
    ("utf-16", "delimiter", "none"),
    ("gzip", "sheet", "people.csv"),
    ("json", "header", "99"),
    ("json in an object", "sheet", "people"),
]


@pytest.mark.parametrize(("kind", "question", "said"), FOREIGN, ids=lambda value: value)
def test_an_answer_with_the_upload_that_a_converted_file_does_not_have_is_told_before_a_row_is_read(
    world, kind, question, said
):
    import_id = world.begin_conversion(FILES[kind], **{question: said})
    world.convert()
    found = world.find_whole(import_id)
    assert (found.status, found.questions) == (Status.WAITING, [])
    (told,) = found.conversion["told"]
    assert f"No question about this file is called {question}, or has that answer." in told
    with world.session() as session:
        answer(world, session, import_id, {})
    world.run()
    assert world.find_whole(import_id).created_rows == 2


def test_where_it_must_not_wait_such_an_answer_stops_the_import(world):
    import_id = world.begin_conversion(people(2), encoding="cp1252")
    with world.session() as session:
        session.execute(update(Import).values(conversion={"may_wait": False}))
        session.commit()
    world.convert()
    found = world.find_whole(import_id)
    assert (found.status, found.reason_code) == (Status.STOPPED, "file_refused")
    assert "is called encoding" in found.reason


@pytest.mark.parametrize(("question", "said"), [("encoding", "cp1252"), ("delimiter", ";"), ("quote", "'")])
def test_a_workbook_that_waits_refuses_an_answer_that_no_workbook_has(world, question, said):
    import_id = world.begin_conversion(xlsx(row("email", "name", ""), row("a@b.de", "A", "ACME")).getvalue())
    world.convert()
    with world.session() as session, pytest.raises(UnknownAnswersError, match=f"is called {question}, or"):
        answer(world, session, import_id, {question: said})
    assert world.status(import_id) == Status.WAITING


def test_a_sheet_that_a_workbook_does_not_have_is_asked_for_again(world):
    sheets = (("Two", "visible", row("email", "name") + row("two@example.com", "Two")),)
    file = xlsx(row("email", "name"), row("one@example.com", "One"), sheets=sheets).getvalue()
    import_id = world.begin_conversion(file, sheet="Three")
    world.convert()
    found = world.find_whole(import_id)
    assert [question["id"] for question in found.questions] == ["sheet"]
    assert "is called sheet, or has that answer" in found.conversion["told"][0]
    with world.session() as session:
        answer(world, session, import_id, {"sheet": "Two"})
    world.convert()
    world.run()
    assert emails(world) == {"two@example.com"}


@pytest.mark.parametrize("character", ["\\ud800"])
def test_names_in_json_may_have_characters_that_postgres_refuses(world, character):
    file = f'{{"email": "a@b.co", "name": "A", "note{character}": "x"}}\n'
    import_id = world.upload(file.encode())
    world.convert()
    found = world.find_whole(import_id)
    assert (found.status, found.header) == (Status.QUEUED, ["email", "name", "note\N{REPLACEMENT CHARACTER}"])


def test_a_workbook_of_several_sheets_waits_for_the_choice_and_then_converts_that_one(world):
    sheets = (("Two", "visible", row("email", "name") + row("two@example.com", "Two")),)
    file = xlsx(row("email", "name"), row("one@example.com", "One"), sheets=sheets).getvalue()
    first = world.begin_conversion(file)
    world.convert()
    found = world.find_whole(first)
    assert (found.status, found.converted_etag) == (Status.WAITING, None)
    assert [choice["value"] for choice in found.questions[0]["choices"]] == ["Sheet1", "Two"]
    with world.session() as session:
        import_ = session.get(Import, first)
        answers = {"sheet": "Two"}
        assert begin_conversion(session, world.services, import_, MoveDetails([Status.WAITING]), answers=answers)
    world.convert()
    world.run()
    assert emails(world) == {"two@example.com"}


def test_a_bomb_stops_its_import_with_a_sentence_and_the_converter_goes_on(world):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"email,name\n" * 50_000_000)
    stopped = world.begin_conversion(bomb.getvalue())
    other = world.begin_conversion(people(2))
    world.convert()
    found = world.find_whole(stopped)
    assert (found.status, found.reason_code) == (Status.STOPPED, "file_refused")
    assert "200 times its own size" in found.reason
    assert world.status(other) == Status.QUEUED
    world.recover()
    assert objects(world) == [f"imports/{other}", f"imports/{other}.lines"]


@pytest.mark.parametrize("how", [os.abort, lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: os._exit(7)])
def test_a_library_that_ends_its_process_three_times_stops_the_import_and_no_service(world, monkeypatch, how):
    with monkeypatch.context() as patch:
        patch.setattr(conversion, "prepare", lambda *_: how())
        import_id = world.begin_conversion(people(2))
        world.convert()
    found = world.find_whole(import_id)
    assert (found.status, found.conversion["deaths"]) == (Status.STOPPED, deaths.MAX_DEATHS)
    assert "died 3 times" in found.reason
    other = world.begin_conversion(people(2))
    world.convert()
    assert world.status(other) == Status.QUEUED


def test_a_file_that_asks_for_too_much_memory_is_refused(world, monkeypatch):
    monkeypatch.setattr(conversion, "prepare", lambda *_: bytearray(3 * 1024**3))
    import_id = world.begin_conversion(people(2))
    world.convert()
    assert "more memory" in world.find_whole(import_id).reason


def test_an_unexpected_error_is_shown_and_tried_again_but_not_for_ever(world, monkeypatch):
    monkeypatch.setattr(conversion, "prepare", lambda *_: 1 / 0)
    import_id = world.begin_conversion(people(2))
    for _ in range(3):
        world.convert()
        world.recover()
    found = world.find_whole(import_id)
    assert (found.status, found.reason_code) == (Status.STOPPED, "conversion_failed")
    assert "ZeroDivisionError" in found.reason
    assert FailedJobRegistry(queue=queue_named(DEFAULT, world.redis)).get_job_count(cleanup=False) == 3


def test_an_import_that_was_cancelled_is_not_converted(world):
    import_id = world.begin_conversion(people(2))
    world.verb(imports.cancel, import_id)
    world.convert()
    world.recover()
    assert world.status(import_id) == Status.CANCELLED
    assert objects(world) == []
    assert world.redis.keys("rq:job:*") == []


def test_cancelling_in_the_middle_leaves_nothing(world, monkeypatch):
    monkeypatch.setattr(conversion, "LOOK_SECONDS", 0)
    monkeypatch.setattr(conversion, "BUFFER_BYTES", 1000)
    import_id = world.begin_conversion(people(20_000))
    original = conversion.Conversion._look

    def cancel_and_look(self):
        if self._rows > 1000:
            self._next_look = 0
            world.services.engine.dispose(close=False)
            world.verb(imports.cancel, import_id)
        original(self)

    monkeypatch.setattr(conversion.Conversion, "_look", cancel_and_look)
    world.convert()
    world.recover()
    assert world.status(import_id) == Status.CANCELLED
    assert objects(world) == []


def test_recovery_enqueues_a_conversion_that_was_lost_and_none_that_is_at_work(world):
    import_id = world.begin_conversion(people(2))
    queues.drop_conversions(world.redis, import_id, failed=True)
    assert conversions.take(world.redis, import_id, "somebody")
    world.recover()
    assert queues.waiting_conversions(world.redis) == set()
    conversions.drop(world.redis, import_id, "somebody")
    world.recover()
    world.recover()
    assert world.redis.llen(queue_named(DEFAULT, world.redis).key) == 1
    world.convert()
    assert world.status(import_id) == Status.QUEUED


def test_a_conversion_whose_lines_are_complete_is_not_made_again(world, monkeypatch):
    import_id = world.begin_conversion(people(2))
    with monkeypatch.context() as patch:
        patch.setattr(conversion, "start_converted", lambda *_: os._exit(1))
        ConverterWorker(world.services).work(burst=True, max_jobs=1, logging_level="WARNING")
    found = world.find_whole(import_id)
    assert (found.status, found.converted_rows) == (Status.CONVERTING, 3)
    monkeypatch.setattr(conversion, "convert", lambda *_, **__: 1 / 0)
    world.convert()
    assert world.status(import_id) == Status.QUEUED


def test_clearing_leaves_the_upload_of_lines_alone_while_the_import_is_converting(world):
    storage = world.services.storage
    import_id = world.begin_conversion(people(2))
    key = lines_key(import_id)
    storage.begin_upload(key)
    Clearing(world.services).run()
    assert [upload.key for upload in storage.unfinished_uploads(key)] == [key]
    world.verb(imports.cancel, import_id)
    Clearing(world.services).run()
    assert storage.unfinished_uploads(key) == []


def test_a_conversion_outlasts_an_outage_of_s3_however_long(world, monkeypatch, unbounded):
    import_id = world.begin_conversion(people(2))
    monkeypatch.setattr(run, "SLICE_SETBACK_SECONDS", 0)
    with monkeypatch.context() as patch:
        patch.setattr(conversion.Conversion, "_fetch", failing)
        for _ in range(deaths.MAX_ATTEMPTS + 5):
            run.convert_file(queues.ARGUMENTS_VERSION, import_id)
    assert world.status(import_id) == Status.CONVERTING
    run.convert_file(queues.ARGUMENTS_VERSION, import_id)
    assert world.status(import_id) == Status.QUEUED


def setting_back(world, monkeypatch, times: int, error: OSError) -> str:
    """Begin a conversion so often, each time with this error."""
    import_id = world.begin_conversion(people(2))
    monkeypatch.setattr(run, "SLICE_SETBACK_SECONDS", 0)

    def raising(*_):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(conversion.Conversion, "_fetch", raising)
        for _ in range(times):
            run.convert_file(queues.ARGUMENTS_VERSION, import_id)
    return import_id


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (OSError(errno.EIO, "Input/output error"), "error of its system: Input/output error"),
    ],
)
def test_what_sets_a_conversion_back_again_and_again_is_told_and_ends_it_with_that_reason(
    world, monkeypatch, unbounded, error, words
):
    import_id = setting_back(world, monkeypatch, deaths.MAX_ATTEMPTS, error)
    with world.session() as session:
        (told,) = warnings_of(session.get(Import, import_id))
    assert words in told
    run.convert_file(queues.ARGUMENTS_VERSION, import_id)
    found = world.find_whole(import_id)
    assert (found.status, found.reason_code) == (Status.STOPPED, "conversion_failed")
    assert "20 times" in found.reason
    assert words in found.reason


def test_a_disk_that_has_room_again_leaves_nothing_to_tell(world, monkeypatch, unbounded):
    import_id = setting_back(world, monkeypatch, 1, OSError(errno.ENOSPC, "No space left on device"))
    run.convert_file(queues.ARGUMENTS_VERSION, import_id)
    found = world.find_whole(import_id)
    assert (found.status, found.conversion["told"]) == (Status.QUEUED, [])


def test_a_converter_that_is_killed_itself_each_time_ends_the_import_with_words_about_memory(
    world, monkeypatch, unbounded
):
    import_id = world.begin_conversion(people(2))
    for _ in range(deaths.MAX_ATTEMPTS):
        deaths.count(world.services, import_id, "attempts")
    run.convert_file(queues.ARGUMENTS_VERSION, import_id)
    assert "short of memory" in world.find_whole(import_id).reason


def failing(*_):
    raise StorageError


@pytest.mark.parametrize("meanwhile", [{"converted_etag": "of another"}, {"answers": {"sheet": "Two"}}])
def test_a_conversion_that_was_frozen_does_not_put_its_lines_over_those_of_another(
    world, monkeypatch, meanwhile, unbounded
):
    import_id = world.begin_conversion(people(2))
    original = conversion.Conversion._write

    def write_while_another_goes_on(self, *args):
        original(self, *args)
        with world.session() as session:
            session.execute(update(Import).where(Import.id == import_id).values(**meanwhile))
            session.commit()

    monkeypatch.setattr(conversion.Conversion, "_write", write_while_another_goes_on)
    run.convert_file(queues.ARGUMENTS_VERSION, import_id)
    assert world.status(import_id) == Status.CONVERTING
    assert objects(world) == [f"imports/{import_id}"]


def test_of_two_conversions_at_once_one_leaves(world, unbounded):
    import_id = world.begin_conversion(people(2))
    run.convert_file(queues.ARGUMENTS_VERSION, import_id)
    run.convert_file(queues.ARGUMENTS_VERSION, import_id)
    assert world.status(import_id) == Status.QUEUED
    world.convert()  # the job that was enqueued
    world.run()
    assert world.find_whole(import_id).created_rows == 2


def test_a_job_of_another_release_is_put_back(world, unbounded):
    import_id = world.begin_conversion(people(2))
    queues.drop_conversions(world.redis, import_id, failed=True)
    run.convert_file(queues.ARGUMENTS_VERSION + 1, import_id)
    assert world.status(import_id) == Status.CONVERTING
    assert queues.waiting_conversions(world.redis) == {import_id}


def test_a_foreign_job_on_default_is_refused(world):
    queue = queue_named(DEFAULT, world.redis)
    job = queue.enqueue("os.getcwd")
    world.convert()
    assert (
        "those of this queue call jobs.files.corrected.take_in_files, jobs.files.run.convert_file"
        in queue.fetch_job(job.id).latest_result().exc_string
    )


def test_the_page_says_that_no_converter_is_running_only_where_one_is_wanted(world):
    def parts():
        return [finding.part for finding in Examination(world.services, ["converter"]).findings()]

    assert parts() == []
    world.begin_conversion(people(2))
    assert parts() == ["converter"]


# Real processes


@pytest.mark.parametrize("victim", ["the child", "the converter"])
def test_a_conversion_killed_in_the_middle_begins_anew_and_nothing_is_dispatched_twice(world, processes, victim):
    converter = processes.converter()
    processes.dispatcher()
    processes.worker()
    import_id = world.begin_conversion(people(LARGE))
    wait_until(lambda: (world.find_whole(import_id).converted_rows or 0) > 1000, "it is in the middle", seconds=30)
    if victim == "the child":
        (worker,) = world.workers_of(DEFAULT)
        child = next(pid for pid in children_of(converter.pid))
        os.kill(child, signal.SIGKILL)
        assert worker.pid == converter.pid
    else:
        converter.kill()
        processes.converter()
    wait_until(lambda: world.status(import_id) == Status.COMPLETED, "it is completed", seconds=120)
    found = world.find_whole(import_id)
    assert (found.created_rows, found.failed_rows) == (LARGE, 0)
    if victim == "the child":  # that of a killed converter may come to its end before it notices
        assert found.conversion["attempts"] == 2


def test_a_converter_that_is_asked_to_stop_leaves_at_once_and_counts_no_death(world, processes):
    converter = processes.converter()
    import_id = world.begin_conversion(people(60_000))
    wait_until(lambda: (world.find_whole(import_id).converted_rows or 0) > 1000, "it is in the middle", seconds=30)
    converter.send(signal.SIGTERM)
    wait_until(lambda: not converter.running, "it has ended", seconds=10)
    assert world.status(import_id) == Status.CONVERTING
    assert queues.waiting_conversions(world.redis) == {import_id}
    assert "deaths" not in world.find_whole(import_id).conversion


def test_a_small_csv_is_not_held_up_by_a_large_workbook(world, processes):
    processes.converter()
    processes.dispatcher()
    processes.worker()
    large = world.begin_conversion(people(60_000))
    small = world.upload("email,name\nsmall@example.com,Small\n")
    wait_until(lambda: world.status(small) == Status.COMPLETED, "the small one is completed", seconds=20)
    assert world.status(large) == Status.CONVERTING


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize(
    "file",
    [
        xlsx(row("email", "name"), row("a@b.de", "A"), row("E-Mail", "NAME"), row("c@d.de", "C")).getvalue(),
        gzip.compress(b"email,name\na@b.de,A\nemail,name\nc@d.de,C\n"),
    ],
    ids=["xlsx", "gzip"],
)
def test_the_header_again_fails_as_it_does_in_a_text(world, file):
    import_id = world.upload(file)
    world.convert()
    world.run()
    assert [failed.code for failed in world.failed_rows(import_id).values()] == ["repeated_header"]
    assert world.find_whole(import_id).created_rows == 2


def test_a_sheet_has_no_missing_cells_but_a_text_has(world):
    workbook = xlsx(row("email", "name", "phone"), row("a@b.de", "A")).getvalue()
    sheet, packed = world.upload(workbook), world.upload(zipped({"people.xlsx": workbook}).getvalue())
    text = world.upload("email\tname\tphone\nc@b.de\tC\t1\nd@b.de\tD\n".encode("utf-16"))
    packed_text = world.upload(gzip.compress(b"email,name,phone\ne@b.de,E,1\nf@b.de,F\n"))
    world.convert()
    world.run()
    assert (world.alterations(sheet), world.alterations(packed)) == ({}, {})
    for one in (text, packed_text):
        assert [kind for _, kind in world.alterations(one)] == ["missing_cells"]


def test_what_a_file_was_is_told_and_not_how_its_lines_are_written(world):
    import_id = world.upload(people(1))
    world.convert()
    with world.session() as session:
        told = about_the_file(session, session.get(Import, import_id))
    assert (told["profile"], told["conversion"]) == (None, {"kind": "xlsx", "table": None, "told": []})


@pytest.mark.parametrize("count", [9, 3_000])
def test_a_total_below_the_rows_of_a_sheet_is_asked_about_and_left_out(world, count):
    rows = [row(f"p{n}@example.com", f"Name {n}", "", str(n)) for n in range(count)]
    sheet = xlsx(row("email", "name", "company", "balance"), *rows, row("", "Total", "", "36")).getvalue()
    import_id = world.begin_conversion(sheet)
    world.convert()
    (question,) = world.find_whole(import_id).questions
    assert question["id"] == "footer"
    with world.session() as session:
        answer(world, session, import_id, {"footer": "none"})
    world.run()
    found = world.find_whole(import_id)
    assert (found.status, found.created_rows, found.failed_rows) == (Status.COMPLETED, count, 0)
    assert "What stands below the table is left out" in found.profile["warnings"][0]
