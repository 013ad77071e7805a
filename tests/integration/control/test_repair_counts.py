"""What has become of a repair's rows is counted anew only as often as it costs."""

import pytest
from world import contacts_csv

from importer.control import repair_counts
from importer.models import Repair


@pytest.fixture
def counts(world, monkeypatch):
    """An import with a failed row that a repair has changed; how often it is counted, and the counting."""
    import_id = world.import_file(contacts_csv([("nonsense", "x")]))
    import_ = world.find(import_id)
    made: list[int] = []

    def count(session, sequence, ids):
        made.append(sequence)
        return {ids[0]: (1, world.retrying_rows)}

    world.retrying_rows = 0
    monkeypatch.setattr(repair_counts, "count_failing", count)
    repair = Repair(id=1, changed_rows=1, import_sequence=import_.sequence)
    return made, lambda: repair_counts.failing_of(None, import_, [repair]), import_


def test_a_cheap_count_is_made_each_time(counts):
    made, failing, _ = counts
    assert failing() == failing() == {1: (1, 0)}
    assert len(made) == 2


def test_a_costly_count_is_told_again_until_something_has_changed_and_its_time_is_over(counts, monkeypatch):
    made, failing, import_ = counts
    monkeypatch.setattr(repair_counts, "CHEAP_SECONDS", -1)
    monkeypatch.setattr(repair_counts, "SHARE", 0)
    failing(), failing()
    assert len(made) == 1
    import_.failed_rows += 1
    failing()
    assert len(made) == 2
    monkeypatch.setattr(repair_counts, "SHARE", 10**9)
    import_.failed_rows += 1
    failing()
    import_.failed_rows += 1
    failing()
    assert len(made) == 3


def test_a_count_of_rows_that_are_being_tried_does_not_last(counts, monkeypatch, world):
    made, failing, _ = counts
    monkeypatch.setattr(repair_counts, "CHEAP_SECONDS", -1)
    monkeypatch.setattr(repair_counts, "SHARE", 0)
    world.retrying_rows = 1
    failing(), failing()
    assert len(made) == 2
