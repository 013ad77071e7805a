"""Files of failed rows and results by browser, API and command line, and corrected rows back."""

import csv
import io
import json
import re

import pytest
from sqlalchemy import update

from importer.models import CorrectedFile, Import, Repair
from importer.statuses import Status


@pytest.fixture
def someone(operator, visitor):
    return visitor(operator)


@pytest.fixture
def failed(operator, make_import):
    """An import of the operator, of whose three rows two failed."""
    rows = [["=EDDB", "Berlin"], ["EDDF", "Frankfurt"]]
    return make_import(operator, filename="Flughäfen.csv", created_rows=1, dispatched_rows=3, failed=rows)


def table(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def form(content):
    return {"file": (io.BytesIO(content), "corrected.csv")}


@pytest.mark.parametrize("begin", ["/imports", "/api/imports"])
def test_failed_rows_leave_with_the_columns_of_their_file_and_ours(someone, failed, begin):
    answer = someone.get(f"{begin}/{failed.id}/failed-rows.csv")
    assert answer.status_code == 200
    assert "filename*=UTF-8''Flugh%C3%A4fen-failed-rows.csv" in answer.headers["Content-Disposition"]
    names, first, _ = table(answer.data)
    assert names == ["icao", "name", "row", "line", "field", "code", "reason", "attempt", "import"]
    assert first == ["'=EDDB", "Berlin", "1", "2", "name", "bad", "the name is bad", "1", failed.id]


@pytest.mark.parametrize("begin", ["/imports", "/api/imports"])
def test_a_workbook_and_a_result_leave_too(someone, failed, begin):
    assert someone.get(f"{begin}/{failed.id}/failed-rows.xlsx").data[:2] == b"PK"
    rows = table(someone.get(f"{begin}/{failed.id}/result.csv").data)
    assert [row[2] for row in rows] == ["outcome", "failed", "failed", "not done yet"]
    assert len(table(someone.get(f"{begin}/{failed.id}/result.csv?outcome=undone").data)) == 2


def test_only_the_rows_that_the_address_chooses_leave_and_a_misspelt_choice_is_refused(someone, failed):
    wanted = f"/imports/{failed.id}/failed-rows.csv"
    assert len(table(someone.get(f"{wanted}?text=frankfurt").data)) == 2
    assert len(table(someone.get(f"{wanted}?code=bad&field=name").data)) == 3
    assert someone.get(f"{wanted}?coed=bad").status_code == 400
    assert someone.get(f"/imports/{failed.id}/result.csv?outcome=failed").status_code == 400


def test_files_of_somebody_elses_import_are_not_there(visitor, other, failed):
    stranger = visitor(other)
    for path in ("failed-rows.csv", "result.xlsx", "corrected-rows/new"):
        assert stranger.get(f"/imports/{failed.id}/{path}").status_code == 404
    assert stranger.post(f"/api/imports/{failed.id}/corrected-rows", form(b"x")).status_code == 404


def test_a_file_is_told_as_it_was_named_and_waits_for_a_converter(someone, failed, stored, session):
    answer = someone.post(f"/api/imports/{failed.id}/corrected-rows", form(b"icao,name\n"))
    told = answer.get_json()
    assert (answer.status_code, told["filename"], told["finished_at"]) == (202, "corrected.csv", None)
    assert someone.get(f"/api/imports/{failed.id}/corrected-rows").get_json() == {"corrected_files": [told]}
    assert any(key.startswith(f"imports/{failed.id}.corrected-") for key in stored())
    page = someone.page(f"/imports/{failed.id}")
    assert "waiting to be read" in page
    assert "No converter is running" in page


def test_the_page_for_it_works_without_a_script(someone, failed, session):
    page = someone.page(f"/imports/{failed.id}/corrected-rows/new")
    action = re.search(r'action="([^"]+corrected-rows\?[^"]+)"', page)[1].replace("&amp;", "&")
    answer = someone.client.post(action, data=form(b"icao,name\n"))
    assert (answer.status_code, answer.location) == (303, f"/imports/{failed.id}#corrected-files")
    assert session.query(CorrectedFile).count() == 1
    assert someone.client.post(action.partition("?")[0], data=form(b"x")).status_code == 400


def test_an_empty_file_or_one_that_is_too_large_is_refused_and_leaves_nothing(someone, failed, stored):
    for content, status in ((b"", 422), (b"x" * 2_000_001, 413)):
        answer = someone.post(f"/api/imports/{failed.id}/corrected-rows", form(content))
        assert answer.status_code == status
    assert not any(failed.id in key for key in stored())


def test_an_import_that_was_cancelled_takes_none(someone, operator, make_import):
    import_ = make_import(operator, Status.CANCELLED, failed=[["X", "Y"]])
    assert someone.post(f"/api/imports/{import_.id}/corrected-rows", form(b"x")).status_code == 409


def test_what_came_of_a_file_is_told_in_one_sentence_that_stays(someone, operator, failed, session):
    repair = Repair(
        import_sequence=failed.sequence,
        chosen={},
        rule={"kind": "file", "filename": "corrected.xlsx"},
        made_by=operator.id,
        until=0,
        changed_rows=4650,
        unchanged_rows=12,
    )
    session.add(repair)
    session.flush()
    repair.finished_at = repair.made_at
    left = {"changed_since": {"count": 2, "rows": [7, 12]}, "not_failed": {"count": 3, "rows": [1, 2]}}
    session.add(
        CorrectedFile(
            repair_id=repair.id,
            import_sequence=failed.sequence,
            token="abcdefghijkm",
            etag="x",
            size_bytes=1,
            rows_read=4667,
            left_alone=left,
            is_stored=False,
        )
    )
    session.commit()
    words = (
        "4,650 rows corrected, 12 unchanged, 3 not failed any more (rows 1, 2 and 1 more), "
        "2 changed by somebody else since (rows 7, 12)."
    )
    assert words in someone.page(f"/imports/{failed.id}")


def test_the_command_line_writes_files_and_takes_them_back(runner, failed, tmp_path, session):
    file = tmp_path / "failed.csv"
    assert runner.invoke(args=["imports", "download", failed.id, str(file), "--text", "berlin"]).exit_code == 0
    assert [row[0] for row in table(file.read_bytes())] == ["icao", "'=EDDB"]
    assert runner.invoke(args=["imports", "download", failed.id, str(file), "--result"]).exit_code == 0
    assert len(table(file.read_bytes())) == 4
    refused = runner.invoke(args=["imports", "download", failed.id, str(tmp_path / "failed.ods")])
    assert (refused.exit_code, "ends in none of .csv and .xlsx" in refused.stderr) == (1, True)
    sent = runner.invoke(args=["imports", "upload-corrected", failed.id, str(file), "--json"])
    assert json.loads(sent.output)["filename"] == "failed.csv"


# Rows that were left undone


@pytest.fixture
def cancelled(someone, services, session):
    """An import of the operator that was cancelled before any of its two rows."""
    import_id = someone.upload(b"icao,name\nEDDB,=Berlin\nEDDF,Frankfurt\n").get_json()["id"]
    assert someone.post(f"/imports/{import_id}/cancel").status_code == 302
    return session.get(Import, import_id)


@pytest.mark.parametrize("begin", ["/imports", "/api/imports"])
def test_rows_that_were_left_undone_leave_as_their_file_has_them(someone, cancelled, begin):
    answer = someone.get(f"{begin}/{cancelled.id}/undone-rows.csv")
    assert "airports-not-imported.csv" in answer.headers["Content-Disposition"]
    assert table(answer.data) == [["icao", "name"], ["EDDB", "'=Berlin"], ["EDDF", "Frankfurt"]]
    assert someone.get(f"{begin}/{cancelled.id}/undone-rows.xlsx").data[:2] == b"PK"
    assert someone.get(f"{begin}/{cancelled.id}/undone-rows.csv?code=bad").status_code == 400


def test_the_page_says_until_when_they_are_there_and_then_offers_their_numbers(someone, cancelled, session):
    page = someone.page(f"/imports/{cancelled.id}")
    assert "undone-rows.xlsx" in page
    assert "They are kept until" in page
    assert someone.get(f"/api/imports/{cancelled.id}").get_json()["kept_until"] is not None
    session.execute(update(Import).values(kept_until=None, dispatched_rows=2))
    session.commit()
    page = someone.page(f"/imports/{cancelled.id}")
    assert "undone-rows" not in page
    assert "result.csv?outcome=undone" in page
    answer = someone.get(f"/api/imports/{cancelled.id}/undone-rows.csv")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "not_kept")


def test_they_are_nobody_elses(visitor, other, cancelled):
    assert visitor(other).get(f"/imports/{cancelled.id}/undone-rows.csv").status_code == 404


def test_the_command_line_writes_them_and_says_until_when(runner, cancelled, tmp_path):
    file = tmp_path / "undone.csv"
    assert runner.invoke(args=["imports", "download", cancelled.id, str(file), "--undone"]).exit_code == 0
    assert len(table(file.read_bytes())) == 3
    assert "can be downloaded until" in runner.invoke(args=["imports", "show", cancelled.id]).output
    both = runner.invoke(args=["imports", "download", cancelled.id, str(file), "--undone", "--code", "bad"])
    assert (both.exit_code, "files of their own" in both.stderr) == (1, True)
