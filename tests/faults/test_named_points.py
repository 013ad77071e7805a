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


def test_every_point_kills_twice_while_the_other_kills_are_made_good(scene):
    scene.begin(deposits(1500), people(4000, keys=300), deposits(300, name="p"), SLICE_SECONDS="0.2")
    kills, seen = dict.fromkeys(POINTS, 0), 0

    def all_have_killed_twice() -> bool:
        nonlocal seen
        if scene.crew.restarts > seen:  # always, rows of the living would count as those of the dead
            seen = scene.crew.restarts
            scene.world.let_leases_lapse()
        ready = [point for point in POINTS if not scene.is_armed(point)]
        for point in ready:
            if kills[point] < 2:
                kills[point] += 1
                scene.arm(point)
        return len(ready) == len(POINTS) and min(kills.values()) == 2

    scene.crew.wait_until(all_have_killed_twice, "every point has killed twice", seconds=120)
    scene.assert_ends_as_undisturbed()
    assert scene.crew.restarts == 2 * len(POINTS)
