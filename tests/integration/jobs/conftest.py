"""An import whose rows are queued."""

import pytest
from world import many_contacts

from importer.files.csv_reader import Record
from importer.record_types import copying
from importer.record_types.upsert import Upsert
from jobs.rows.batch import Batches
from jobs.rows.job import encode_record


@pytest.fixture(params=["by COPY where it can be", "by statements"])
def way_of_writing(request, monkeypatch):
    """Every batch is tried by COPY, of whatever size, or none is."""
    if request.param == "by statements":
        monkeypatch.setattr(copying, "WORTHWHILE_ROWS", 10_000)
        return
    monkeypatch.setattr(copying, "WORTHWHILE_ROWS", 1)
    monkeypatch.setattr(Upsert, "_expects_new", lambda *_: True)


@pytest.fixture
def dispatched(world):
    """An import of 30 rows, all of them queued, and the records it comes to."""
    csv, records = many_contacts(30)
    import_id = world.upload(csv)
    world.dispatch()
    return import_id, records


@pytest.fixture
def apply(world):
    """Apply rows of an import, given as row number, e-mail address and name, as one batch."""

    def apply(import_id, *rows):
        records = [Record(number, number + 1, [email, name], None) for number, email, name in rows]
        return Batches(world.services).apply(import_id, [encode_record(import_id, record) for record in records])

    return apply
