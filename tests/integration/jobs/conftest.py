"""An import whose rows are queued."""

import pytest
from world import many_contacts

from importer import copying


@pytest.fixture(params=["by COPY where it can be", "by statements"])
def way_of_writing(request, monkeypatch):
    """Batches of any size are written by COPY, or none is."""
    monkeypatch.setattr(copying, "WORTHWHILE_ROWS", 1 if request.param == "by COPY where it can be" else 10_000)


@pytest.fixture
def dispatched(world):
    """An import of 30 rows, all of them queued, and the records it comes to."""
    csv, records = many_contacts(30)
    import_id = world.upload(csv)
    world.dispatch()
    return import_id, records
