"""A cell without a value leaves that of an existing record alone, or clears it, and is counted (rule 12)."""

import itertools
import random
from decimal import Decimal

import pytest
from accounting import assert_every_row_accounted_for
from supervisor import Crew

from importer.control import retries
from importer.files.csv_reader import Record
from importer.statuses import Status
from jobs.rows.batch import Batches
from jobs.rows.job import encode_record

pytestmark = pytest.mark.usefixtures("way_of_writing")

HEADER = "email,name,company,phone,balance\n"
FULL = HEADER + "a@example.com,Ann,Acme,+49 1,1.50\nb@example.com,Bob,Bits,,2.50\n"
SPARSE = HEADER + "a@example.com,Anna,,,\nb@example.com,Bob,,,3\nc@example.com,Cy,,,\n"


def values(world, email="a@example.com"):
    record = world.records()[email]
    return tuple(record[name] for name in ("name", "company", "phone", "balance"))


@pytest.fixture
def sparse(world):
    """Import a sparse file after a full one; return the second import's id."""

    def sparse(*, clears, full=FULL, csv=SPARSE):
        world.import_file(full)
        import_id = world.upload(csv)
        world.read_by(import_id, clears=clears)
        world.run()
        return import_id

    return sparse


def test_an_empty_cell_leaves_the_value_of_an_existing_record_alone(world, sparse):
    import_id = sparse(clears=False)
    assert values(world) == ("Anna", "Acme", "+49 1", Decimal("1.50"))
    assert values(world, "b@example.com") == ("Bob", "Bits", None, 3)
    assert values(world, "c@example.com") == ("Cy", None, None, None)
    assert world.empty_cells(import_id) == (4, 0)


def test_an_empty_cell_clears_the_value_where_the_import_says_so(world, sparse):
    import_id = sparse(clears=True)
    assert values(world) == ("Anna", None, None, None)
    assert values(world, "b@example.com") == ("Bob", None, None, 3)
    assert world.empty_cells(import_id) == (0, 4)


def test_an_import_without_a_mapping_keeps_values(world):
    world.import_file(FULL)
    import_id = world.import_file(SPARSE)
    assert values(world) == ("Anna", "Acme", "+49 1", Decimal("1.50"))
    assert world.empty_cells(import_id) == (4, 0)


@pytest.mark.parametrize("clears", [False, True])
def test_a_row_that_only_keeps_values_is_unchanged_and_one_that_clears_some_is_updated(world, sparse, clears):
    import_id = sparse(clears=clears, csv=HEADER + "a@example.com,Ann,,,\n")
    assert world.counts(import_id) == ({"updated": 1} if clears else {"unchanged": 1})


@pytest.mark.parametrize("clears", [False, True])
def test_columns_that_the_file_lacks_are_left_alone_and_not_counted(world, sparse, clears):
    import_id = sparse(clears=clears, csv="email,name\na@example.com,Anna\n")
    assert values(world) == ("Anna", "Acme", "+49 1", Decimal("1.50"))
    assert world.empty_cells(import_id) == (0, 0)


def test_a_text_that_reads_null_is_a_value(world, apply_rows):
    world.import_file(FULL)
    import_id = world.upload(SPARSE)
    apply_rows(import_id, [(1, "a@example.com,NULL,NULL,1,1")])
    assert values(world)[:2] == ("NULL", "NULL")
    assert world.empty_cells(import_id) == (0, 0)


def test_of_rows_with_the_same_key_a_later_one_keeps_what_an_earlier_one_says(world):
    rows = ["a@example.com,Ann,Acme,,1", "a@example.com,Anna,,+49 2,", "a@example.com,Anna,,,"]
    import_id = world.import_file(HEADER + "\n".join(rows) + "\n")
    assert values(world) == ("Anna", "Acme", "+49 2", 1)
    assert world.counts(import_id) == {"created": 1, "superseded": 2}
    assert world.empty_cells(import_id) == (3, 0)


def test_of_rows_with_the_same_key_the_last_one_alone_counts_where_empty_cells_clear(world, sparse):
    rows = ["a@example.com,Ann,Acme,,1", "a@example.com,Anna,,+49 2,"]
    import_id = sparse(clears=True, csv=HEADER + "\n".join(rows) + "\n")
    assert values(world) == ("Anna", None, "+49 2", None)
    assert world.empty_cells(import_id) == (0, 2)


def test_what_a_file_has_beside_its_fields_is_not_kept_from_row_to_row(world):
    rows = ["a@example.com,Ann,x", "a@example.com,Ann,"]
    import_id = world.import_file("email,name,remark\n" + "\n".join(rows) + "\n")
    assert world.empty_cells(import_id) == (0, 0)


@pytest.fixture
def apply_rows(world):
    """Apply rows of an import, given by number as the cells of their lines, as one batch."""

    def apply_rows(import_id, rows):
        records = [Record(number, number + 1, line.split(","), None) for number, line in rows]
        return Batches(world.services).apply(import_id, [encode_record(import_id, record) for record in records])

    return apply_rows


LATE = [(1, "a@example.com,Ann,Acme,,"), (2, "a@example.com,Anna,,+49 2,"), (3, "a@example.com,Anne,,,3")]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_rows_of_a_key_end_alike_in_whatever_order_they_come_where_each_value_comes_once(
    world, apply_rows, order
):
    import_id = world.upload(HEADER + "x@example.com,X,,,\n" * 4)
    for index in order:
        apply_rows(import_id, [LATE[index]])
    assert values(world) == ("Anne", "Acme", "+49 2", 3)
    assert sum(world.counts(import_id).values()) == 3


def test_a_late_row_fills_nothing_of_a_later_import(world, apply_rows):
    earlier, later = (world.upload(HEADER + "x@example.com,X,,,\n" * 4) for _ in range(2))
    world.read_by(later, clears=True)
    apply_rows(later, [(1, "a@example.com,Ann,,,")])
    apply_rows(earlier, [(2, "a@example.com,Ann,Acme,,")])
    assert values(world) == ("Ann", None, None, None)
    assert world.counts(earlier) == {"superseded": 1}


def test_a_late_row_fills_nothing_where_empty_cells_clear(world, apply_rows):
    import_id = world.upload(HEADER + "x@example.com,X,,,\n" * 4)
    world.read_by(import_id, clears=True)
    for row in reversed(LATE[:2]):
        apply_rows(import_id, [row])
    assert values(world) == ("Anna", None, "+49 2", None)


def test_a_batch_that_comes_twice_counts_its_empty_cells_once(world, apply_rows):
    world.import_file(FULL)
    import_id = world.upload(SPARSE)
    rows = list(enumerate(SPARSE.splitlines()[1:], start=1))
    for _ in range(2):
        apply_rows(import_id, rows)
    assert world.empty_cells(import_id) == (4, 0)


def test_a_failed_row_counts_its_empty_cells_when_a_retry_imports_it(world, sparse):
    import_id = sparse(clears=False, csv=HEADER + "a@example.com,,,,\n")
    assert (world.codes(import_id), world.empty_cells(import_id)) == ({1: "missing_value"}, (0, 0))
    world.execute('UPDATE failed_rows SET cells = \'["a@example.com", "Anna", "", "", ""]\'')
    world.verb(retries.retry, import_id)
    world.run()
    assert world.empty_cells(import_id) == (3, 0)
    assert values(world) == ("Anna", "Acme", "+49 1", Decimal("1.50"))


@pytest.mark.parametrize("seed", range(3))
def test_the_count_is_that_of_rows_taken_one_after_the_other(world, apply_rows, seed):
    chance = random.Random(seed)
    pick = lambda text: text if chance.random() < 0.5 else ""  # noqa: E731
    keys = chance.sample(range(60), 40)
    world.import_file(HEADER + "".join(f"p{k}@example.com,P,{pick('C')},{pick('1')},{pick('2')}\n" for k in keys))
    before = world.records()
    rows = [f"p{k}@example.com,P,{pick('D')},{pick('3')},{pick('4')}" for k in range(60)]
    import_id = world.import_file(HEADER + "\n".join(rows) + "\n")
    kept = 0
    for row in rows:
        email, _, *cells = row.split(",")
        old = before.get(email, {})
        names = ("company", "phone", "balance")
        kept += sum(not cell and old.get(name) is not None for name, cell in zip(names, cells, strict=True))
    assert kept > 10
    assert world.empty_cells(import_id) == (kept, 0)
    assert_every_row_accounted_for(world, import_id, None, rows=60)


def test_two_workers_keep_what_the_last_row_of_each_key_says_and_never_deadlock(world, processes):
    chance = random.Random(7)
    pick = lambda text: text if chance.random() < 0.5 else ""  # noqa: E731
    cells = [
        (f"p{n % 40}@example.com", f"P{n}", pick(f"C{n}"), pick(f"+49 {n}"), pick(f"{n}.00")) for n in range(3000)
    ]
    import_id = world.upload(HEADER + "".join(",".join(row) + "\n" for row in cells))
    crew = Crew(processes, dispatchers=1, workers=2, BATCH_SECONDS="0.02", SLICE_SECONDS="0.5")
    world.wait_for(import_id, Status.COMPLETED, seconds=120)
    crew.stop()
    assert_every_row_accounted_for(world, import_id, None, rows=3000)
    for email, *last in cells[-40:]:
        for place, (cell, value) in enumerate(zip(last, values(world, email), strict=True), start=1):
            said = {row[place] for row in cells if row[0] == email}
            assert str(value) == cell if cell else str(value) in said
