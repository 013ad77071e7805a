"""The chart of an import: areas that are as wide and as high as the figures say."""

import re

import pytest

from importer.control.speeds import Speed
from importer.web.chart import HEIGHT, TABLE_LINES, WIDTH, drawn

STEADY = [Speed(0, 4, 100, 0), Speed(4, 8, 200, 0), Speed(8, 10, 50, 0)]


def numbers(path):
    return [float(found) for found in re.findall(r"-?[\d.]+", path)]


def test_a_short_import_has_no_chart():
    assert drawn([]) is None
    assert drawn([Speed(0, 30, 100, 0)]) is None
    assert drawn([Speed(0, 2, 100, 0), Speed(2, 4.9, 100, 0)]) is None


def test_the_area_ends_at_the_right_edge_and_at_the_height_of_its_speed():
    chart = drawn(STEADY)
    assert (chart.top, chart.fastest, chart.seconds) == (200, 200, 10)
    assert chart.imported.startswith(f"M0,{HEIGHT:.1f}V80.0H400.0V0.0H800.0V120.0H{WIDTH:.1f}")
    assert chart.failed is None


def test_the_average_weighs_each_speed_by_its_time():
    assert drawn(STEADY).average == pytest.approx((400 + 800 + 100) / 10)


def test_failed_rows_lie_above_imported_ones():
    chart = drawn([Speed(0, 5, 60, 40), Speed(5, 10, 100, 0)])
    assert chart.failed.startswith("M0,64.0V0.0H500.0V0.0H1000.0V0.0H500.0V64.0H0.0")


@pytest.mark.parametrize("speed", [0, 0.3, 1, 7, 999, 12_345, 99_999, 100_000])
def test_the_axis_ends_at_a_round_number_above_every_speed(speed):
    chart = drawn([Speed(0, 5, speed, 0), Speed(5, 10, 0, 0)])
    assert speed <= chart.top <= max(2 * speed, 1)
    assert all(0 <= number <= WIDTH for number in numbers(chart.imported))


def test_figures_are_few_lines_that_add_up_to_the_whole():
    speeds = [Speed(n, n + 1, n, 1) for n in range(241)]
    parts = drawn(speeds).parts
    assert len(parts) <= TABLE_LINES
    assert parts[0].begin == 0
    assert parts[-1].end == 241
    assert sum(part.imported * (part.end - part.begin) for part in parts) == pytest.approx(sum(range(241)))
