"""S3 that refuses, breaks off, stalls, and files that are replaced or deleted while they are read."""

import pytest
from accounting import assert_nothing_left
from samples import deposits, people

from importer.models import Import


@pytest.mark.parametrize("fault", ["unavailable", "reset", "truncated", "slow"])
def test_a_server_that_fails_for_a_while_costs_time_alone(scene, s3_proxy, fault):
    scene.begin(people(20_000, keys=1000), deposits(1500))
    scene.wait_for_rows(200)
    s3_proxy.fault = fault
    scene.crew.wait_until(lambda: s3_proxy.spoilt >= 3, "three answers were spoilt")
    s3_proxy.fault = None
    scene.assert_ends_as_undisturbed()
    assert scene.crew.restarts == 0


def test_slices_of_bodies_that_break_off_after_the_half_still_get_to_the_end(scene, s3_proxy):
    """Each slice reads half of what is left: it must keep what it has read, or the file is never finished."""
    s3_proxy.fault = "truncated"
    scene.begin(people(4000, keys=500))
    scene.wait_for_rows(3000)
    s3_proxy.fault = None
    scene.assert_ends_as_undisturbed()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (
            lambda world, key: world.replace_object(key, b"email,name\nother@example.com,Other\n" * 9),
            "object_changed",
        ),
        (lambda world, key: world.services.storage.delete(key), "object_missing"),
    ],
    ids=["replaced", "deleted"],
)
def test_a_file_that_is_replaced_or_deleted_stops_its_import_and_mixes_nothing(scene, spoil, reason):
    (import_id,) = scene.begin(people(60_000, keys=2000))
    scene.wait_for_rows(500)
    spoil(scene.world, Import(id=import_id).object_key)
    scene.crew.wait_until(lambda: scene.world.status(import_id) == "stopped", "the import is stopped")
    scene.crew.wait_until(lambda: scene.world.find(import_id).cleaned_at, "it is clean")
    scene.crew.stop()
    stopped = scene.world.find(import_id)
    assert stopped.reason_code == reason
    assert stopped.ended_rows <= stopped.dispatched_rows < 60_000
    assert stopped.ended_rows == len(scene.world.ledger(import_id))
    assert set(scene.world.records()) <= set(scene.imports[import_id].records)
    assert_nothing_left(scene.world, import_id)
