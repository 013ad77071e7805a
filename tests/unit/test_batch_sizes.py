from itertools import pairwise

from jobs.batch_sizes import FIRST_ROWS, MAX_ROWS, BatchSizes


def test_quick_batches_grow_to_the_limit_by_doubling():
    sizes = BatchSizes(seconds=0.5)
    seen = [sizes.rows]
    for _ in range(10):
        sizes.took(sizes.rows, 0.01)
        seen.append(sizes.rows)
    assert seen[0] == FIRST_ROWS
    assert all(after <= 2 * before for before, after in pairwise(seen))
    assert seen[-1] == MAX_ROWS


def test_a_slow_record_type_gets_batches_that_take_as_long_as_they_should():
    sizes = BatchSizes(seconds=0.5)
    sizes.took(50, 5.0)
    assert sizes.rows == 5


def test_a_row_that_takes_longer_than_a_batch_is_claimed_alone():
    sizes = BatchSizes(seconds=0.5)
    sizes.took(1, 10.0)
    assert sizes.rows == 1


def test_setbacks_shrink_batches_down_to_one_row_and_no_further():
    sizes = BatchSizes(seconds=0.5)
    for _ in range(10):
        sizes.set_back()
    assert sizes.rows == 1
