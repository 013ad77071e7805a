"""Processes killed exactly where it would hurt most."""

import pytest
from failpoints import POINTS
from samples import deposits, people


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_named_point_neither_loses_nor_repeats_a_row(scene, point):
    scene.arm(point)
    scene.begin(deposits(300), people(600, keys=100), SLICE_SECONDS="0.02")
    scene.wait_for_death_at(point)
    scene.world.let_leases_lapse()
    scene.assert_ends_as_undisturbed()
    assert scene.crew.restarts == 1


def test_a_second_kill_at_each_point_while_the_first_is_made_good_changes_nothing(scene):
    scene.begin(deposits(1500), people(4000, keys=300), SLICE_SECONDS="0.2")
    for point in sorted(POINTS) * 2:
        scene.arm(point)
    scene.crew.wait_until(
        lambda: scene.world.let_leases_lapse() or scene.is_over(), "every import is completed", seconds=90
    )
    scene.assert_ends_as_undisturbed()
    assert scene.crew.restarts >= len(POINTS) - 2
