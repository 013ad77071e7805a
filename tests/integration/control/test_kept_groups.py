"""Groups of failed rows are counted again as soon as anything of these rows has changed, and not before."""

import pytest
from sqlalchemy import select, text

from importer.control import corrected_files, corrections, groups, repairs, retries
from importer.control.groups import Groups, groups_of
from importer.control.repairs import prepared
from importer.ledger import books
from importer.ledger.chosen_rows import ChosenRows
from importer.ledger.retries import refuse_retries
from importer.models import User

FILE = "email,name\nnobody 1,Ann\nnobody 2,Bob\nann@example.com,\nbob@example.com,\nann@example.org,Ann\n"
EMAILS = ChosenRows("email", "invalid_email")
CORRECTED = "email,name,row,attempt,import\nnobody 1,Ann,1,9,{id}\nann@example.com,N. N.,3,9,{id}\n"


@pytest.fixture
def import_id(world, monkeypatch):
    monkeypatch.setattr(groups, "CHEAP_SECONDS", 0)
    return world.import_file(FILE)


@pytest.fixture
def told(world, import_id):
    """The groups as a process tells them that has told them before."""

    def tell() -> Groups:
        with world.session() as session:
            return groups_of(session, world.find_whole(import_id))

    return tell


@pytest.fixture
def counted(world, import_id):
    def count() -> Groups:
        with world.session() as session:
            return groups._count(session, world.find_whole(import_id))

    return count


class Deeds:
    """What a person, or the product, does with the import."""

    def __init__(self, world, import_id):
        self._world = world
        self._import_id = import_id
        self.dispatch, self.work, self.convert = world.dispatch, world.work, world.convert

    def correct(self):
        with self._world.session() as session:
            import_, person = self._world.find_whole(self._import_id), session.scalars(select(User)).one()
            corrections.correct(session, self._world.services, import_, 1, 1, {0: "nobody at all"}, person)

    def repair(self, kind, **more):
        with self._world.session() as session:
            import_, person = self._world.find_whole(self._import_id), session.scalars(select(User)).one()
            rule = prepared(self._world.services, import_, EMAILS, {"kind": kind, **more})
            repairs.begin(session, self._world.services, import_, person, EMAILS, rule)

    def replace(self):
        self.repair("replace", find="nobody", by="anybody")

    def discard(self):
        self.repair("discard")

    def restore(self):
        self.repair("restore")

    def retry_one_that_is_discarded(self):
        self._world.verb(retries.retry, self._import_id, 2)

    def upload_corrections(self):
        with self._world.session() as session:
            import_, person = self._world.find_whole(self._import_id), session.scalars(select(User)).one()
            file = CORRECTED.format(id=self._import_id).encode()
            corrected_files.receive(session, self._world.services, import_, person, "corrected.csv", [file])

    def retry_all(self):
        self._world.verb(retries.retry, self._import_id)

    def find_the_record_type_broken(self):
        with self._world.session() as session:
            refuse_retries(session, self._import_id, [1, 2], "There is no such table.")
            session.commit()

    def forget_groundless_rows(self):
        with self._world.session() as session:
            session.execute(text("DELETE FROM ledger"))
            books.forget_groundless(session, self._world.find_whole(self._import_id))


@pytest.fixture
def do(world, import_id):
    return Deeds(world, import_id)


DEEDS = """
    correct dispatch work replace dispatch work discard dispatch retry_one_that_is_discarded dispatch work
    restore dispatch upload_corrections convert dispatch work retry_all dispatch find_the_record_type_broken work
    forget_groundless_rows
"""


def test_whatever_is_done_with_failed_rows_their_groups_are_true(do, told, counted):
    seen = [told()]
    for deed in DEEDS.split():
        getattr(do, deed)()
        assert told() == counted(), deed
        seen.append(told())
    assert len({str(groups) for groups in seen}) >= 6, "the deeds did not change the groups"


def test_groups_of_rows_that_stay_as_they_are_are_counted_once(told, monkeypatch):
    first = told()
    monkeypatch.setattr(groups, "_count", lambda *_: pytest.fail("they were counted again"))
    assert told() == first
