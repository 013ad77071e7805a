"""What Postgres may take for a statement of a page."""

import time

import pytest
from sqlalchemy import text

from importer.ledger.planning import Budget, TooSlowError, in_passing

SETTINGS = text("SELECT current_setting('statement_timeout'), current_setting('max_parallel_workers_per_gather')")


@pytest.fixture
def connection(world):
    with world.services.engine.begin() as connection:
        yield connection


def test_a_statement_that_takes_too_long_is_given_up_and_the_transaction_goes_on(connection):
    connection.execute(text("CREATE TEMPORARY TABLE kept AS SELECT 7 AS number"))
    began = time.monotonic()
    with pytest.raises(TooSlowError), in_passing(connection, seconds=0.1):
        connection.execute(text("SELECT pg_sleep(20)"))
    assert time.monotonic() - began < 10
    assert connection.execute(text("SELECT number FROM kept")).scalar() == 7


def test_settings_hold_for_what_is_read_in_passing_alone(connection):
    before = connection.execute(SETTINGS).one()
    with in_passing(connection, seconds=1.2, enable_sort="off"):
        assert connection.execute(text("SHOW enable_sort")).scalar() == "off"
    assert connection.execute(text("SHOW enable_sort")).scalar() == "on"
    assert connection.execute(SETTINGS).one() == before


def test_a_statement_with_a_limit_takes_no_parallel_workers(connection):
    """While it waits for them to leave, its time may be up: Postgres ends the next statement then."""
    with in_passing(connection, seconds=1.2):
        assert tuple(connection.execute(SETTINGS).one()) == ("1200ms", "0")


def test_statements_share_a_budget_and_each_gets_the_least_of_it():
    budget = Budget(60)
    assert budget.share(least=0.1, most=0.4) == 0.4
    assert 50 < budget.share(least=0.1, most=70) <= 60
    assert Budget(0).share(least=0.1, most=0.4) == 0.1
