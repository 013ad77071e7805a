"""Imports: the list, the upload page, and the page of one import, each live."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, Flask, g, redirect, render_template, request, url_for
from sqlalchemy import ColumnElement
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response

from importer.control.notifications import sends_mails
from importer.control.reports import (
    MAX_ALTERATIONS,
    Report,
    alterations,
    find_import,
    ignored_columns,
    page_of_imports,
    report,
    reports,
    warnings_of,
)
from importer.models import Import
from importer.statuses import (
    CANCELLABLE,
    DISPATCHED,
    ENDED,
    PAUSABLE,
    RESUMABLE,
    TAKES_ROWS,
    UNFINISHED,
    Reason,
    Status,
)
from importer.web.extensions import db, read_one_moment, services
from importer.web.failed_rows import page_of, wanted_after
from importer.web.health import watch

blueprint = Blueprint("imports", __name__)

PAGE_IMPORTS = 25
LAST_PAGE = 100_000

FILTERS: dict[str, tuple[str, ColumnElement[bool] | None]] = {
    "": ("All", None),
    "active": ("In progress", Import.status.not_in(ENDED)),
    "completed": ("Completed", Import.status == Status.COMPLETED),
    "ended-early": ("Cancelled or stopped", Import.status.in_([Status.CANCELLED, Status.STOPPED])),
    "failures": ("With failed rows", Import.failed_rows > 0),
}
"""What the list can be narrowed to: name in the address, words on the page, condition."""


def as_json(shown: Report) -> dict[str, Any]:
    """An import as scripts get it: its report, and the address of its page."""
    return {**shown.as_dict(), "url": url_for("imports.show", import_id=shown.id)}


class ImportId(BaseConverter):
    """An import's id in an address; anything else there answers 404."""

    regex = "[a-z0-9]{12}"


def register(app: Flask) -> None:
    """Let routes of every module use `<import_id:…>`, and templates the names of statuses."""
    app.url_map.converters["import_id"] = ImportId
    sets = {"DISPATCHED": DISPATCHED, "RESUMABLE": RESUMABLE, "UNFINISHED": UNFINISHED}
    app.jinja_env.globals.update(Status=Status, Reason=Reason, **sets)


@blueprint.get("/")
def home() -> Response:
    return redirect(url_for("imports.index"))


@blueprint.get("/imports")
def index() -> str:
    return render_template("imports/index.html", **_list())


@blueprint.get("/imports/live")
def index_live() -> str:
    return render_template("imports/_list.html", **_list())


@blueprint.get("/imports/new")
def new() -> str:
    return render_template(
        "imports/new.html",
        record_types=list(services().record_types),
        chosen=request.args.get("record_type"),
        limit=services().settings.max_upload_bytes,
        sends_mails=sends_mails(services()),
        notify=g.user.notify,
    )


@blueprint.get("/imports/<import_id:import_id>")
def show(import_id: str) -> str | Response:
    page = _page(import_id)
    if page["import_"].status == Status.WAITING:
        return redirect(url_for("answers.new", import_id=import_id))
    return render_template("imports/show.html", **page)


@blueprint.get("/imports/<import_id:import_id>/live")
def live(import_id: str) -> str:
    """The part of the import's page that changes; the page's script fetches it each second."""
    return render_template("imports/_live.html", **_page(import_id))


def _page(import_id: str) -> dict[str, Any]:
    read_one_moment()
    import_ = find_import(db.session(), g.user, import_id)
    failed = page_of(import_, wanted_after())
    status = Status(import_.status)
    return {
        "import_": import_,
        "report": report(db.session(), services(), import_),
        "now": time.time(),
        "ignored": ignored_columns(import_),
        "profile": import_.profile,
        "noticed": warnings_of(import_),
        "altered": alterations(db.session(), import_),
        "most_altered": MAX_ALTERATIONS,
        "warnings": watch().warnings() if status not in ENDED or failed.retrying else [],
        "failed": failed,
        "is_live": status not in ENDED or failed.retrying > 0 or import_.cleaned_at is None,
        "can": {
            "pause": status in PAUSABLE,
            "resume": status in RESUMABLE,
            "cancel": status in CANCELLABLE,
            "retry": status in TAKES_ROWS and import_.failed_rows > 0,
        },
    }


def _list() -> dict[str, Any]:
    wanted = request.args.get("show", "")
    chosen = wanted if wanted in FILTERS else ""
    number = wanted_page()
    found, has_next = page_of_imports(
        db.session(), g.user, limit=PAGE_IMPORTS, number=number, condition=FILTERS[chosen][1]
    )
    return {
        "reports": reports(db.session(), found),
        "filters": {name: words for name, (words, _) in FILTERS.items()},
        "chosen": chosen,
        "page": number,
        "has_next": has_next,
        "labels": {type_.name: type_.label for type_ in services().record_types},
        "warnings": watch().warnings(),
    }


def wanted_page() -> int:
    """The number of the page that the reader wants to see, from 1."""
    return min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)
