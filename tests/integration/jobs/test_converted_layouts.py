"""Layouts with a name, of files that have to be converted first."""

import pytest
from sqlalchemy import delete, select, update
from workbooks import xlsx

from importer.control import answers, uploads
from importer.control.options import Options
from importer.lifecycle import named_layouts
from importer.models import Import, Layout, Role, User
from importer.statuses import Status

SAP = "SAP contacts"


def row(*values: str) -> str:
    cells = "".join(f'<c t="inlineStr"><is><t>{value}</t></is></c>' for value in values)
    return f"<row>{cells}</row>"


def workbook(address: str, *header: str) -> bytes:
    """Two sheets; the second one has a contact whose date can be read in two ways."""
    contact = row(*(header or ("email", "name", "signup_date"))) + row(address, "Ann", "03/04/2024")
    return xlsx(row("What this is"), row("A list"), sheets=(("List", "visible", contact),)).getvalue()


def upload(world, content: bytes, options: Options, record_type: str | None = None) -> str:
    with world.session() as session:
        person = session.scalars(select(User)).one()
        import_, _ = uploads.begin_upload(
            session, world.services, person, record_type=record_type, filename="a.xlsx", idempotency_key=None
        )
        uploads.receive(session, world.services, import_, [content], says_options=lambda: options)
        return import_.id


def answer(world, import_id: str, options: Options) -> None:
    with world.session() as session:
        person = session.scalars(select(User)).one()
        answers.answer(session, world.services, session.get(Import, import_id), person, options)


@pytest.fixture
def kept(world):
    """A layout of a workbook, whose name was said before its sheet and the order of its dates."""
    import_id = upload(world, workbook("first@example.com"), Options(save_layout=SAP), "contacts")
    world.convert()
    answer(world, import_id, Options({"sheet": "List"}))
    world.convert()
    answer(world, import_id, Options({"date_order-3": "dmy"}))
    assert world.status(import_id) == Status.QUEUED
    with world.session() as session:
        session.execute(delete(Layout).where(Layout.name.is_(None)))
        session.commit()
        return session.scalars(select(Layout)).one()


def test_what_was_said_until_the_import_begins_is_kept(kept):
    assert (kept.name, kept.record_type, kept.header) == (SAP, "contacts", ["email", "name", "signup_date"])
    assert kept.answers == {"sheet": "List", "date_order-3": "dmy"}


def test_a_layout_chooses_the_sheet_and_answers_what_would_be_asked(world, kept):
    import_id = upload(world, workbook("next@example.com"), Options(layout=SAP, may_wait=False))
    world.convert()
    found = world.find_whole(import_id)
    assert (found.status, found.reason, found.record_type) == (Status.QUEUED, None, "contacts")
    assert (found.conversion["table"], found.answers["date_order-3"]) == ("List", "dmy")


def test_a_workbook_with_other_columns_stops_with_their_names(world, kept):
    import_id = upload(world, workbook("next@example.com", "email", "Shoe size", "name"), Options(layout=SAP))
    world.convert()
    found = world.find_whole(import_id)
    assert (found.status, found.reason_code) == (Status.STOPPED, "file_refused")
    assert "New are: Shoe size. It lacks: signup_date." in found.reason


def test_a_layout_may_be_named_where_the_sheet_is_asked_for(world, kept):
    import_id = upload(world, workbook("next@example.com"), Options(), "contacts")
    world.convert()
    assert world.status(import_id) == Status.WAITING
    answer(world, import_id, Options(layout=SAP))
    world.convert()
    assert world.status(import_id) == Status.QUEUED


def test_an_answer_beside_the_layout_counts_more(world, kept):
    import_id = upload(world, workbook("next@example.com"), Options({"date_order-3": "mdy"}, layout=SAP))
    world.convert()
    found = world.find_whole(import_id)
    assert (found.status, found.mapping["fills"][2]["reading"]["date_order"]) == (Status.QUEUED, "mdy")


def test_a_name_that_somebody_takes_while_the_file_is_converted_stops_its_import(world):
    options = Options({"sheet": "List", "date_order-3": "dmy"}, save_layout=SAP)
    import_id = upload(world, workbook("first@example.com"), options, "contacts")
    with world.session() as session:
        session.execute(update(User).values(role=Role.OPERATOR))
        saving = named_layouts.Saving(SAP, None)
        named_layouts.save(session, saving, "contacts", "0" * 64, ["email"], {})
        session.commit()
    world.convert()
    found = world.find_whole(import_id)
    assert (found.status, found.reason_code) == (Status.STOPPED, "file_refused")
    assert "There is a layout “SAP contacts” already" in found.reason
