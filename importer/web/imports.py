"""Imports: the list, the upload page, and the page of one import, each live."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, g, redirect, render_template, request, url_for
from flask_wtf.csrf import generate_csrf
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response

from importer.control.chosen_imports import SHOWN, ChosenImports, count_of_imports, page_of_imports, starters
from importer.control.corrected_files import is_any_under_way, reports_on
from importer.control.notifications import sends_mails
from importer.control.records import has_records
from importer.control.repairs import repairs_of
from importer.control.reports import (
    MAX_ALTERATIONS,
    Report,
    alterations,
    find_import,
    ignored_columns,
    report,
    reports,
    warnings_of,
)
from importer.control.speeds import speeds_of
from importer.lifecycle.events import events_of
from importer.outcomes import NOT_TAKEN, next_step
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
from importer.web.chart import drawn
from importer.web.extensions import db, read_one_moment, services
from importer.web.failed_rows import table_of
from importer.web.health import watch
from importer.web.histories import LATEST
from importer.web.live_views import live_views

blueprint = Blueprint("imports", __name__)

PAGE_IMPORTS = 25
LAST_PAGE = 100_000
VIEWER_CHARS = 20
"""Of the name by which the script of a page is told from others."""

MOVING = frozenset(Status) - ENDED - {Status.WAITING, Status.PAUSED}
"""Something is being done with such an import, so what the list says of it changes by itself."""

FOLDED_IMPORTS = 10
"""Refused files that are shown where they are folded."""


def as_json(shown: Report) -> dict[str, Any]:
    """An import as scripts get it: its report, and the address of its page."""
    return {**shown.as_dict(), "url": url_for("imports.show", import_id=shown.id)}


class ImportId(BaseConverter):
    """An import's id in an address; anything else there answers 404."""

    regex = "[a-z0-9]{12}"


def register(app: Flask) -> None:
    """Let routes of every module use `<import_id:…>`, and templates the names of statuses."""
    app.url_map.converters["import_id"] = ImportId
    sets = {
        "DISPATCHED": DISPATCHED,
        "ENDED": ENDED,
        "MOVING": MOVING,
        "RESUMABLE": RESUMABLE,
        "UNFINISHED": UNFINISHED,
    }
    app.jinja_env.globals.update(Status=Status, Reason=Reason, NOT_TAKEN=NOT_TAKEN, next_step=next_step, **sets)


@blueprint.get("/")
def home() -> Response:
    return redirect(url_for("imports.index"))


@blueprint.get("/imports")
def index() -> str:
    people = starters(db.session()) if g.user.is_admin else []
    return render_template("imports/index.html", **_list(), people=people)


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
    """The part of the import's page that changes; the page's script fetches it every few seconds.

    Those who may see the same see the same rendering: an admin sees every import, others their own.
    """
    live_views().viewers.note(import_id, request.args.get("viewer", str(g.user.id))[:VIEWER_CHARS])
    shown = sorted((name, value) for name, value in request.args.items() if name not in ("viewer", "anew"))
    key = (import_id, "admin" if g.user.is_admin else g.user.id, tuple(shown))

    def render(token: Callable[[], str]) -> str:
        return render_template("imports/_live.html", csrf_token=token, **_page(import_id))

    return live_views().parts.get(key, render, generate_csrf, anew="anew" in request.args)


def _page(import_id: str) -> dict[str, Any]:
    read_one_moment()
    import_ = find_import(db.session(), g.user, import_id)
    failed = table_of(import_)
    history, has_more = events_of(db.session(), import_, limit=LATEST)
    corrected_files = reports_on(db.session(), import_)
    is_correcting = is_any_under_way(corrected_files)
    status = Status(import_.status)
    repaired = repairs_of(db.session(), import_)
    is_worked_on = failed.retrying > 0 or is_correcting or any(not repair.is_over for repair in repaired)
    return {
        "import_": import_,
        "report": (shown := report(db.session(), services(), import_)),
        "title": title_of(shown),
        "type_label": _labels().get(import_.record_type, import_.record_type),
        "now": time.time(),
        "every": live_views().viewers.seconds_between(import_id),
        "ignored": ignored_columns(import_),
        "profile": import_.profile,
        "noticed": warnings_of(import_),
        "altered": alterations(db.session(), import_),
        "most_altered": MAX_ALTERATIONS,
        "warnings": watch().warnings() if status not in ENDED or is_worked_on else [],
        "failed": failed,
        "chart": drawn(speeds_of(db.session(), import_)),
        "history": history,
        "has_more": has_more,
        "corrected_files": corrected_files,
        "repairs": repaired,
        "can_repair": status in TAKES_ROWS,
        "is_live": status not in ENDED or is_worked_on or import_.cleaned_at is None,
        "can": {
            "pause": status in PAUSABLE,
            "resume": status in RESUMABLE,
            "cancel": status in CANCELLABLE,
            "retry": status in TAKES_ROWS and import_.failed_rows > 0,
            "see_records": has_records(services(), import_),
        },
    }


def title_of(shown: Report) -> str:
    """The title of an import's page: how far it is, or what it has come to, so that a tab tells it."""
    is_moving = shown.status in DISPATCHED and shown.percent is not None
    return f"{shown.percent}%" if is_moving else shown.summary


def _list() -> dict[str, Any]:
    chosen = ChosenImports.told(request.args)
    number = wanted_page()
    session = db.session()
    found, has_next = page_of_imports(
        session, g.user, limit=PAGE_IMPORTS, number=number, condition=chosen.condition()
    )
    return {
        "reports": reports(session, services(), found),
        "is_moving": any(one.status in MOVING for one in found),
        "not_taken": _not_taken(chosen) if number == 1 and not chosen.show else None,
        "filters": {name: words for name, (words, _) in SHOWN.items()},
        "chosen": chosen,
        "address": chosen.as_address(),
        "page": number,
        "has_next": has_next,
        "labels": _labels(),
        "warnings": watch().warnings(),
    }


def _labels() -> dict[str, str]:
    """What people call the record types, by their names."""
    return {type_.name: type_.label for type_ in services().record_types}


def _not_taken(chosen: ChosenImports) -> dict[str, Any]:
    """The latest of the files that were refused or did not arrive, and how many there are."""
    refused = chosen._replace(show="refused")
    session = db.session()
    found, has_more = page_of_imports(session, g.user, limit=FOLDED_IMPORTS, condition=refused.condition())
    return {
        "reports": reports(session, services(), found),
        "count": count_of_imports(session, g.user, refused.condition()) if has_more else len(found),
        "latest": found[0].sequence if found else 0,
        "address": refused.as_address(),
    }


def wanted_page() -> int:
    """The number of the page that the reader wants to see, from 1."""
    return min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)
