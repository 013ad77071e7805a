"""A rule changes each row once, whatever is killed while it is carried out."""

import random

import pytest
from accounting import assert_every_row_accounted_for
from failpoints import REPAIR_POINTS
from sqlalchemy import select
from supervisor import Crew

from importer.control import repairs
from importer.control.repairs import prepared
from importer.files.cells.readings import Reading
from importer.ledger.chosen_rows import ChosenRows
from importer.models import Correction, User
from importer.statuses import Status

ROWS, WRONG = 7000, 6000
SETTINGS = {"SLICE_SECONDS": "0.5", "QUEUED_SECONDS": "2", "BATCH_SECONDS": "0.1", "MAX_QUEUED_ROWS": "1000"}


def balances() -> str:
    lines = (
        f"p{n}@example.com,Name {n},{'12.5' if n < WRONG else chr(34) + '12,5' + chr(34)}\n" for n in range(ROWS)
    )
    return "email,name,balance\n" + "".join(lines)


@pytest.fixture
def failed(world, processes):
    """An import of which most rows failed, with a repair of all of them that waits for a dispatcher."""
    import_id = world.upload(balances())
    world.read_by(import_id, balance=Reading("decimal", decimal_mark=","))
    world.run()
    assert world.counts(import_id) == {"created": ROWS - WRONG, "failed": WRONG}
    begin(world, import_id)
    return import_id


def begin(world, import_id: str) -> None:
    chosen = ChosenRows("balance")
    with world.session() as session:
        import_ = world.find_whole(import_id)
        rule = prepared(world.services, import_, chosen, {"kind": "decimal_mark", "mark": "."})
        person = session.scalars(select(User)).one()
        repairs.begin(session, world.services, import_, person, chosen, rule)


def assert_each_row_was_corrected_once(world, crew: Crew, import_id: str) -> None:
    crew.wait_until(lambda: not world.find(import_id).failed_rows, "every row is imported", seconds=120)
    crew.wait_until(lambda: world.status(import_id) == Status.COMPLETED and not world.queued(), "nothing waits")
    crew.wait_until(lambda: world.is_cleaned(import_id), "it is clean")
    crew.stop()
    world.dispatch()
    assert world.counts(import_id) == {"created": ROWS}
    assert_every_row_accounted_for(world, import_id, None, rows=ROWS)
    with world.session() as session:
        found = session.execute(select(Correction.row_number, Correction.attempt, Correction.changes)).all()
    assert sorted(found) == [(number, 2, [[2, "12.5", "12,5"]]) for number in range(1, WRONG + 1)]


@pytest.mark.parametrize("point", REPAIR_POINTS)
def test_a_dispatcher_that_dies_at_the_commit_of_a_portion_neither_skips_nor_repeats_it(
    world, processes, failed, point
):
    (processes.folder / point).touch()
    crew = Crew(processes, **SETTINGS)
    crew.wait_until(lambda: not (processes.folder / point).exists(), f"a process died {point}")
    world.let_leases_lapse()
    assert_each_row_was_corrected_once(world, crew, failed)
    assert crew.restarts == 1


def test_kills_at_random_moments_of_a_repair_correct_each_row_once(world, processes, failed):
    chance = random.Random(16)
    crew = Crew(processes, dispatchers=2, **SETTINGS)
    for _ in range(6):
        left = world.find(failed).failed_rows
        wanted = left - chance.randrange(1, 500)
        crew.wait_until(lambda wanted=wanted: world.find(failed).failed_rows <= wanted, "more rows are imported")
        chance.choice(chance.choice([crew.dispatchers, crew.workers])).kill()
        world.let_leases_lapse()
    assert world.find(failed).failed_rows, "the repair was over before the last kill"
    assert_each_row_was_corrected_once(world, crew, failed)
    assert crew.restarts == 6
