"""What an upload is called and counts as before its file has arrived."""

import pytest
from sqlalchemy import select

from importer.control import imports
from importer.control.uploads import begin_upload, receive_again
from importer.errors import KeyReusedError, StorageError, UploadError
from importer.models import Import, User


@pytest.fixture
def begin(world):
    """Begin an upload as ann@example.com; returns the import, and whether it was made."""

    def begin(record_type="contacts", filename="file.csv", idempotency_key=None):
        with world.session() as session:
            return begin_upload(
                session,
                world.services,
                session.scalars(select(User)).one(),
                record_type=record_type,
                filename=filename,
                idempotency_key=idempotency_key,
            )

    return begin


@pytest.mark.parametrize(
    ("filename", "kept"),
    [
        ("C:\\Users\\ann\\people.csv", "people.csv"),
        ("../../people.csv", "people.csv"),
        (" people.csv ", "people.csv"),
        ("pe\0op\u202ele\ud800.csv", "people.csv"),
        ("n" * 300, "n" * 255),
        (" ", "unnamed"),
        ("\u200b", "unnamed"),
        ("/", "unnamed"),
        ("", "unnamed"),
    ],
)
def test_a_file_has_a_name_that_can_be_seen_and_is_no_path(begin, filename, kept):
    import_, _ = begin(filename=filename)
    assert import_.filename == kept


def test_a_key_sent_again_finds_the_import_of_the_first_time(begin):
    first, made = begin(idempotency_key="one")
    again, made_again = begin(idempotency_key="one")
    assert (first.id, made, made_again) == (again.id, True, False)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE imports SET status = 'stopped'", "UPDATE imports SET status = 'cancelled'", "DELETE FROM imports"],
)
def test_a_file_sent_again_while_its_first_upload_breaks_off_is_not_taken_for_received(world, begin, statement):
    first, _ = begin(idempotency_key="one")

    def chunks():
        yield b"email,name\n"
        world.execute(statement)

    with world.session() as session, pytest.raises(UploadError, match="Send the file again"):
        receive_again(session, session.get(Import, first.id), chunks())


def test_a_key_sent_again_with_another_record_type_is_refused(begin):
    begin("contacts", idempotency_key="one")
    with pytest.raises(KeyReusedError, match="another record type"):
        begin("airports", idempotency_key="one")


def test_the_key_of_a_deleted_import_is_free_before_everything_of_it_is_gone(world, begin, monkeypatch):
    def away(key):
        raise StorageError

    deleted, _ = begin(idempotency_key="one")
    with monkeypatch.context() as patch:
        patch.setattr(world.services.storage, "delete", away)
        world.verb(imports.delete, deleted.id)
    assert world.find(deleted.id).deleted_at is not None
    again, made = begin(idempotency_key="one")
    assert (again.id != deleted.id, made) == (True, True)
