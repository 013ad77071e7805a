"""What bin/bench measures and prints. The peers are not installed for the tests; those parts run only there."""

import csv

from pydantic import ValidationError

from bench import contacts_file, failed_import, faulty_file, product
from bench.failed_import import FailedImport
from bench.faulty_file import GROUPS
from bench.figures import Answers, Figure, Rate, answers_table, figures_table, rates_table
from bench.measurements import QUICK, SECTIONS, Bench
from importer.record_types.contacts import Contacts

TINY = QUICK._replace(growing=(2000, 4000), megabytes=9, many=20, failed=600, retries=True)


def measured(servers, folder, *sections: str) -> Bench:
    folder.chmod(0o755)
    bench = Bench(servers, folder, TINY)
    for section in sections:
        SECTIONS[section](bench)
    return bench


def test_a_figure_says_whether_it_reaches_its_aim_its_bar_or_neither():
    at_least = [Figure("", value, "x", bar=30, aim=60).verdict for value in (60, 59.9, 30, 29.9)]
    at_most = [Figure("", value, "s", bar=5, aim=2, is_limit=True).verdict for value in (2, 2.1, 5, 5.1)]
    assert at_least == at_most == ["aim", "bar", "bar", "missed"]
    assert Figure("", 1, "s").verdict == ""


def test_rates_are_compared_with_the_first_and_figures_with_what_they_must_be():
    rates = rates_table([Rate("floor", 1000, 100_000), Rate("ours", 1000, 25_000, 80.0, 90.0, 4.04)])
    assert rates.splitlines()[-1] == "| ours | 1,000 | 25,000 | 0.2500 | 80.0 | 90.0 | 4.0 |"
    figures = figures_table(
        [Figure("small file", 0.61234, "s", 5, 2, is_limit=True), Figure("repair", 2096.3, "rows/s")]
    )
    assert figures.splitlines()[2:] == [
        "| small file | 0.612 s | 5 | 2 | aim |",
        "| repair | 2,096 rows/s |  |  |  |",
    ]


def test_of_requests_the_median_and_the_slowest_are_told():
    told = answers_table([Answers("page", [0.5, 0.1, 2.25], given_up=1)])
    assert told.splitlines()[-1] == "| page | 3 | 0.50 | 2.25 | 1 |"


def test_of_the_file_as_many_rows_are_wrong_as_it_says(tmp_path):
    wrong = []
    with contacts_file.write(tmp_path / "file.csv", 300, 100).open(newline="") as file:
        for number, cells in enumerate(csv.DictReader(file), 1):
            try:
                Contacts().validate(cells)
            except ValidationError:
                wrong.append(number)
    assert wrong == [100, 200, 300]


def test_growth_compares_the_longest_file_with_the_shortest(servers, tmp_path):
    bench = measured(servers, tmp_path, "growth")
    assert [(rate.rows, rate.what) for rate in bench.rates] == [
        (2000, "this product, 2 workers, 50% failed"),
        (4000, "this product, 2 workers, 25% failed"),
    ]
    figures = {figure.what: figure.value for figure in bench.figures}
    assert (
        figures["rows/s at 4,000 rows against 2,000"]
        == bench.rates[1].rows_a_second / bench.rates[0].rows_a_second
    )
    assert 1 < figures["ledger for each row"] < 50
    assert all(20 < rate.worker_mb < 300 for rate in bench.rates)


def test_resuming_and_uploading_are_measured_on_the_file_that_they_are_given(servers, tmp_path):
    bench = measured(servers, tmp_path, "resume", "upload")
    figures = {figure.what: figure.value for figure in bench.figures}
    assert 9e6 <= (tmp_path / "large.csv").stat().st_size < 15e6
    assert 0.1 < figures["start of a dispatcher to its first row, 9 MB, at 99%"] < 30
    assert figures["upload rate against boto3 directly"] > 0


def test_many_small_files_are_all_imported_while_others_are_served(servers, tmp_path):
    figures = {figure.what: figure.value for figure in measured(servers, tmp_path, "many").figures}
    seconds = figures["20 imports of 10 rows, uploaded meanwhile"]
    assert 0 < figures["50 rows in their midst"] <= seconds
    assert 0 < figures["20 imports of 10 rows that wait, 2 dispatchers"] < 60
    assert figures["imports/s with their uploads"] == 20 / seconds
    assert figures["list of imports meanwhile, p99"] > 0


def test_pages_rules_and_files_are_measured_on_an_import_whose_rows_all_fail(servers, tmp_path):
    bench = measured(servers, tmp_path, "failed")
    figures = {figure.what: figure.value for figure in bench.figures}
    answers = {answer.what: answer for answer in bench.answers}
    assert figures["rows/s that a rule mends, until they are imported"] > 0
    assert 0 < figures["600 failed rows as CSV, first byte"] <= figures["600 failed rows as CSV, all 0 MB"]
    assert figures["slowest request at 600 failed rows"] == max(answer.slowest for answer in bench.answers)
    assert len(answers["page: the largest group"].seconds) == failed_import.ROUNDS
    assert {f"preview: {name}, {60 * group.tenths} rows" for group in GROUPS for name in group.rules} <= set(
        answers
    )
    assert not any(answer.given_up for answer in bench.answers)


def test_the_rows_of_the_faulty_file_fail_in_its_groups(servers, tmp_path):
    tmp_path.chmod(0o755)
    file = faulty_file.write(tmp_path / "faulty.csv", 100)
    with product.running(servers, tmp_path, workers=1) as running:
        failed = FailedImport(running, file)
        told = failed.groups()
        mended = failed.repair(GROUPS[0])
    assert told == {(group.field, group.code): 10 * group.tenths for group in GROUPS}
    assert mended.rows == 10 * GROUPS[0].tenths
