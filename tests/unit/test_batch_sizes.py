from itertools import pairwise

from jobs.rows.batch_sizes import FIRST_ROWS, MAX_REMEMBERED_IMPORTS, MAX_ROWS, BatchSizes


def test_quick_batches_grow_to_the_limit_by_doubling():
    sizes = BatchSizes(seconds=0.5)
    sizes.took("a", FIRST_ROWS, 0.01)
    seen = [FIRST_ROWS, sizes.limits["a"]]
    for _ in range(10):
        sizes.took("a", sizes.limits["a"], 0.01)
        seen.append(sizes.limits["a"])
    assert all(after <= 2 * before for before, after in pairwise(seen))
    assert seen[-1] == MAX_ROWS


def test_a_slow_import_gets_batches_that_take_as_long_as_they_should():
    sizes = BatchSizes(seconds=0.5)
    sizes.took("a", 50, 5.0)
    assert sizes.limits["a"] == 5


def test_an_import_whose_rows_take_longer_than_a_batch_has_them_claimed_alone():
    sizes = BatchSizes(seconds=0.5)
    sizes.took("a", 1, 10.0)
    assert sizes.limits["a"] == 1


def test_setbacks_shrink_batches_down_to_one_row_and_no_further():
    sizes = BatchSizes(seconds=0.5)
    for _ in range(10):
        sizes.set_back("a")
    assert sizes.limits["a"] == 1


def test_a_quick_import_says_nothing_of_another():
    sizes = BatchSizes(seconds=0.5)
    sizes.took("quick", MAX_ROWS, 0.1)
    assert dict(sizes.limits) == {"quick": MAX_ROWS}


def test_the_imports_that_were_worked_on_last_are_remembered():
    sizes = BatchSizes(seconds=0.5)
    for number in range(MAX_REMEMBERED_IMPORTS):
        sizes.took(str(number), 100, 0.5)
    sizes.took("0", 100, 0.5)
    sizes.took("another", 100, 0.5)
    assert "0" in sizes.limits
    assert "1" not in sizes.limits
