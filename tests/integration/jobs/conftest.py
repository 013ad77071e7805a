"""An import whose rows are queued."""

import pytest
from world import many_contacts


@pytest.fixture
def dispatched(world):
    """An import of 30 rows, all of them queued, and the records it comes to."""
    csv, records = many_contacts(30)
    import_id = world.upload(csv)
    world.dispatch()
    return import_id, records
