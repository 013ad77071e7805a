"""Processes killed exactly where it would hurt most."""

import pytest
from failpoints import DEADLY_POINTS, POINTS
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
    """Each row dies alone twice at most: a third death would rightly fail it (rule 7)."""
    scene.begin(deposits(1500), people(4000, keys=300), deposits(300, name="p"), SLICE_SECONDS="0.2")
    kills, seen = dict.fromkeys(POINTS, 0), 0

    def is_armed(*points: str) -> bool:
        return any(map(scene.is_armed, points))

    def every_death_counts_by_now() -> bool:
        died = sum(kills.values()) - sum(map(is_armed, POINTS))
        return died == seen and not scene.has_claims_of_the_dead()

    def may_be_armed(point: str) -> bool:
        if kills[point] == 2 or is_armed(point):
            return False
        if point not in DEADLY_POINTS:
            return True
        return not is_armed(*DEADLY_POINTS) and every_death_counts_by_now() and scene.most_deaths() < 2

    def all_have_killed_twice() -> bool:
        nonlocal seen
        if scene.crew.restarts > seen:
            seen = scene.crew.restarts
            scene.let_leases_of_the_dead_lapse()
        for point in filter(may_be_armed, POINTS):
            kills[point] += 1
            scene.arm(point)
        return min(kills.values()) == 2 and not is_armed(*POINTS)

    scene.crew.wait_until(all_have_killed_twice, "every point has killed twice", seconds=120)
    scene.assert_ends_as_undisturbed()
    assert scene.crew.restarts == 2 * len(POINTS)
