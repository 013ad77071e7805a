"""A row ends once: Postgres itself refuses a second line that holds it (docs/design.md, rules 6, 9 and 11)."""

import random
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from importer.ledger import lines

SEQUENCE = 7


@pytest.fixture
def connection(services):
    with services.engine.connect() as connection:
        yield connection


def entered(connection, *row_numbers: int, sequence: int = SEQUENCE) -> list[int]:
    return list(lines.enter(connection, sequence, row_numbers).row_numbers)


def test_new_rows_are_entered_as_one_line(connection):
    assert entered(connection, *range(1, 3001)) == list(range(1, 3001))
    assert connection.execute(text("SELECT rows::text FROM ledger")).scalars().all() == [
        f"{{[{(SEQUENCE << 32) + 1},{(SEQUENCE << 32) + 3001})}}"
    ]


def test_rows_that_have_ended_are_not_entered_again_and_their_neighbours_are(connection):
    assert entered(connection, 3, 4, 9) == [3, 4, 9]
    assert entered(connection, *range(1, 11)) == [1, 2, 5, 6, 7, 8, 10]
    assert entered(connection, *range(1, 11)) == []
    assert lines.known_rows(connection, SEQUENCE, 2, 9) == set(range(2, 10))
    assert lines.count_rows(connection, SEQUENCE) == 10


def test_no_rows_make_no_line(connection):
    assert lines.enter(connection, SEQUENCE, []) == (None, ())


def test_the_same_row_of_another_import_is_another_row(connection):
    last = 2**31 - 1
    assert entered(connection, 1, last) == [1, last]
    assert entered(connection, 1, last, sequence=SEQUENCE + 1) == [1, last]
    assert lines.known_rows(connection, SEQUENCE + 1, 0, last) == {1, last}
    assert lines.highest_row(connection, SEQUENCE) == last
    assert lines.highest_row(connection, SEQUENCE + 2) == 0
    lines.delete_some_lines(connection, SEQUENCE)
    assert lines.count_rows(connection, SEQUENCE) == 0
    assert lines.count_rows(connection, SEQUENCE + 1) == 2


def test_rows_that_were_not_reached_leave_the_line_of_their_batch_and_may_be_entered_by_another(connection):
    entered(connection, 20)
    line = lines.enter(connection, SEQUENCE, range(1, 11))
    lines.withdraw(connection, SEQUENCE, line, [4, 9, 10])
    assert lines.known_rows(connection, SEQUENCE, 1, 30) == {1, 2, 3, 5, 6, 7, 8, 20}
    assert entered(connection, *range(1, 11)) == [4, 9, 10]


def test_postgres_refuses_a_line_that_shares_a_row_with_another(connection):
    entered(connection, 5)
    with pytest.raises(IntegrityError, match="ex_ledger_rows"):
        connection.execute(text("INSERT INTO ledger (rows) SELECT rows FROM ledger"))


def test_a_batch_waits_for_another_that_enters_one_of_its_rows_and_takes_it_over_if_that_one_fails(services):
    found = []

    def enter_second():
        with services.engine.begin() as second:
            found.append(entered(second, 1, 2, 3))

    for end in ("commit", "rollback"):
        with services.engine.connect() as first:
            entered(first, 3, 4)
            waiting = threading.Thread(target=enter_second)
            waiting.start()
            waiting.join(0.3)
            assert waiting.is_alive()
            getattr(first, end)()
            waiting.join(10)
        with services.engine.begin() as connection:
            connection.execute(text("DELETE FROM ledger"))
    assert found == [[1, 2], [1, 2, 3]]


def test_batches_that_overlap_in_every_way_at_once_enter_each_row_once(services):
    rows, taken, errors = 4000, [], []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(60):
                first = chance.randrange(rows)
                batch = range(first, min(first + chance.randrange(1, 400), rows))
                if chance.random() < 0.5:
                    batch = sorted(chance.sample(range(rows), chance.randrange(1, 200)))
                with services.engine.connect() as connection:
                    won = entered(connection, *batch)
                    if chance.random() < 0.2:
                        connection.rollback()
                        continue
                    connection.commit()
                    taken.extend(won)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(taken) == len(set(taken)) > rows / 2
    with services.engine.connect() as connection:
        assert lines.known_rows(connection, SEQUENCE, 0, rows) == set(taken)
