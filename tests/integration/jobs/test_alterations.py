"""What is read otherwise than it stands is counted with the rows that are imported, exactly once."""

import json
from datetime import date
from decimal import Decimal

import pytest
from accounting import assert_every_row_accounted_for
from sqlalchemy.exc import OperationalError
from supervisor import Crew

from importer.control import imports, retries
from importer.files.cells.readings import Reading
from importer.files.csv_reader import Record
from importer.files.mapping import Fill
from importer.ledger import counters
from importer.statuses import Status
from jobs.rows import batch
from jobs.rows.batch import Batches
from jobs.rows.job import encode_record
from jobs.rows.outcomes import TransientError

HEADER = "email;name;signup_date;balance\n"
GERMAN = {
    "signup_date": Reading(kind="date", date_order="dmy"),
    "balance": Reading(kind="decimal", decimal_mark=","),
}
ROWS = ["a@example.com;Müller;31.12.2024;1.234,56", "b@example.com;Bo;1.2.2025;7", "c@example.com;Cy;;0,99"]


def german_file(rows):
    return (HEADER + "".join(f"{row}\n" for row in rows)).encode("cp1252")


@pytest.fixture
def german(world):
    """Upload a file of a German spreadsheet, to be read as one."""

    def german(rows=ROWS):
        import_id = world.upload(german_file(rows))
        world.read_by(import_id, **GERMAN)
        return import_id

    return german


@pytest.fixture
def apply_rows(world):
    """Apply rows of an import, given by number as lines with semicolons, as one batch."""

    def apply_rows(import_id, rows):
        records = [Record(number, number + 1, line.split(";"), None) for number, line in rows]
        return Batches(world.services).apply(import_id, [encode_record(import_id, record) for record in records])

    return apply_rows


def counts(world, import_id):
    return {kind: count for kind, (count, _) in world.alterations(import_id).items()}


def test_a_german_file_is_imported_and_what_was_read_otherwise_is_counted_with_examples(world, german):
    import_id = german()
    world.run()
    record = world.records()["a@example.com"]
    assert (record["name"], record["signup_date"], record["balance"]) == (
        "Müller",
        date(2024, 12, 31),
        Decimal("1234.56"),
    )
    assert world.records()["c@example.com"]["balance"] == Decimal("0.99")
    assert world.alterations(import_id)["signup_date", "date"] == (
        2,
        [[1, "31.12.2024", "2024-12-31"], [2, "1.2.2025", "2025-02-01"]],
    )
    assert counts(world, import_id) == {
        ("signup_date", "date"): 2,
        ("balance", "decimal_mark"): 1,
        ("balance", "thousands"): 1,
    }
    assert_every_row_accounted_for(world, import_id, None, rows=3)


def test_a_plain_file_has_none(world):
    import_id = world.import_file("email,name,signup_date\na@example.com,Ann,2024-12-31\n")
    assert world.alterations(import_id) == {}


def test_blanks_around_a_cell_of_a_plain_file_are_told(world):
    import_id = world.import_file("email,name\na@example.com, Ann \nb@example.com,Bob\n")
    assert world.alterations(import_id) == {("name", "blanks_around"): (1, [[1, " Ann ", "Ann"]])}
    assert world.records()["a@example.com"]["name"] == "Ann"


def test_a_cell_far_down_in_a_plain_file_is_read_by_the_chain_before_its_row_fails(world, apply_rows):
    rows = ["a@example.com;Ann;2024-01-31;1.50", "b@example.com;Bob;2024-01-31;1,234.56"]
    rows += ["c@example.com;Cy;01.02.2024;2"]
    import_id = world.upload(HEADER + "x@example.com;X;2024-01-31;1.50\n" * 3)
    apply_rows(import_id, list(enumerate(rows, start=1)))
    assert world.records()["b@example.com"]["balance"] == Decimal("1234.56")
    assert world.alterations(import_id) == {("balance", "thousands"): (1, [[2, "1,234.56", "1234.56"]])}
    failed = world.failed_rows(import_id)[3]
    assert (failed.code, failed.column_name) == ("ambiguous_date", "signup_date")
    assert "day or month" in failed.message


def test_every_field_at_fault_is_told_whether_its_cell_or_its_value_is_wrong(world, german):
    import_id = german(["nobody;Ann;31.02.2024;1.234,56"])
    world.run()
    failed = world.failed_rows(import_id)[1]
    assert (failed.code, failed.column_name) == ("impossible_date", "signup_date")
    assert "email: should be one e-mail address" in failed.message
    assert "signup_date: should be a day that the calendar has" in failed.message
    assert counts(world, import_id) == {}


def test_a_batch_that_comes_twice_counts_once(world, german, apply_rows):
    import_id = german()
    rows = list(enumerate(ROWS, start=1))
    apply_rows(import_id, rows[:2])
    before = world.alterations(import_id)
    apply_rows(import_id, rows[:2])
    assert world.alterations(import_id) == before
    apply_rows(import_id, rows)
    assert counts(world, import_id)["balance", "decimal_mark"] == 1


def test_a_batch_that_breaks_off_counts_nothing(world, german, apply_rows, monkeypatch):
    import_id = german()

    def break_off(*_, **__):
        raise OperationalError("SETTLE", {}, Exception("the server closed the connection"))

    with monkeypatch.context() as patch:
        patch.setattr(batch, "settle", break_off)
        with pytest.raises(TransientError):
            apply_rows(import_id, list(enumerate(ROWS, start=1)))
    assert counts(world, import_id) == {}
    assert batch.settle is counters.settle
    apply_rows(import_id, list(enumerate(ROWS, start=1)))
    assert counts(world, import_id)["signup_date", "date"] == 2


def test_a_failed_row_is_counted_once_when_a_retry_imports_it(world, german):
    import_id = german(["nobody;Ann;31.12.2024;1,5"])
    world.run()
    assert counts(world, import_id) == {}
    world.execute("UPDATE failed_rows SET cells = :cells", cells=json.dumps(["a@b.de", "A", "31.12.2024", "1,5"]))
    world.verb(retries.retry, import_id)
    world.run()
    assert counts(world, import_id) == {("signup_date", "date"): 1, ("balance", "decimal_mark"): 1}
    assert world.records(key="email")["a@b.de"]["balance"] == Decimal("1.5")


def test_of_rows_that_the_table_refuses_nothing_is_counted(world):
    rows = ["a,7,1,1", "b, 7,2,2", "c, 8,3,3"]
    import_id = world.import_file("code,serial,slot,price\n" + "\n".join(rows) + "\n", "parts")
    assert world.codes(import_id) == {2: "database_23505"}
    assert world.alterations(import_id) == {("serial", "blanks_around"): (1, [[3, " 8", "8"]])}


def test_the_examples_are_those_of_the_lowest_rows_in_whatever_order_batches_come(world, german, apply_rows):
    import_id = german([f"p{n}@example.com;P;;{n},5" for n in range(1, 31)])
    rows = [(n, f"p{n}@example.com;P;;{n},5") for n in range(1, 31)]
    for first in (20, 0, 10):
        apply_rows(import_id, rows[first : first + 10])
    count, examples = world.alterations(import_id)["balance", "decimal_mark"]
    assert (count, [number for number, *_ in examples]) == (30, [1, 2, 3, 4, 5])


def test_examples_hold_any_character_and_are_cut(world, german):
    import_id = german(["a@example.com;\x07" + "n" * 205 + ";;", "b@example.com;\x1b" + 'quote " \\u0000;;'])
    world.execute("ALTER TABLE contacts ALTER COLUMN name TYPE text")
    world.run()
    count, examples = world.alterations(import_id)["name", "control"]
    assert (count, examples) == (1, [[2, '\x1bquote " \\u0000', 'quote " \\u0000']])
    assert world.codes(import_id) == {1: "too_long"}


def test_a_field_may_be_filled_by_several_columns_by_a_part_or_by_a_constant(world):
    import_id = world.upload("email,name,company,phone\na@example.com,Ann, Lee ,\nb@example.com,Bo,,x\n")
    world.read_by(
        import_id,
        Fill("email", (0,)),
        Fill("name", (1, 2)),
        Fill("company", (3,), default="unknown"),
        Fill("balance", (), Reading(kind="decimal", decimal_mark="."), default="5"),
    )
    world.run()
    found = {
        email: (record["name"], record["company"], record["balance"]) for email, record in world.records().items()
    }
    assert found == {"a@example.com": ("Ann Lee", "unknown", 5), "b@example.com": ("Bo", "x", 5)}


def test_a_record_type_that_saves_by_itself_is_read_by_the_mapping_too(world):
    import_id = world.upload("owner,amount\nann, 5\n", "deposits")
    world.run()
    assert world.balances() == {"ann": 5}
    assert counts(world, import_id) == {("amount", "blanks_around"): 1}


def test_they_go_with_the_import(world, german):
    import_id = german()
    world.run()
    world.verb(imports.delete, import_id)
    world.recover()
    assert not world.exists(import_id)
    with world.services.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM alterations").scalar() == 0


def test_two_workers_on_one_import_count_every_cell_and_never_deadlock(world, german, processes):
    rows = [f"p{n % 700}@example.com;P {n};{n % 28 + 1:02}.12.2024;{n},5" for n in range(4000)]
    import_id = german(rows)
    with_crew = Crew(processes, dispatchers=1, workers=2, BATCH_SECONDS="0.02", SLICE_SECONDS="0.5")
    world.wait_for(import_id, Status.COMPLETED, seconds=120)
    with_crew.stop()
    assert counts(world, import_id) == {("signup_date", "date"): 4000, ("balance", "decimal_mark"): 4000}
    assert_every_row_accounted_for(world, import_id, None, rows=4000)
