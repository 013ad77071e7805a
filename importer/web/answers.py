"""The page “Check the file”: how a file is read, before its rows are."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from importer.control import answers, imports
from importer.control.options import Options, refuse_unwritable
from importer.control.previews import answers_of, chosen_of, preview_of
from importer.control.repeats import AGAIN, SAME_FILE
from importer.control.reports import find_import
from importer.errors import LayoutExistsError, OptionsError, RefusedFileError
from importer.files.cell_questions import MARKS
from importer.files.cells.readings import DATE_ORDERS, PERCENTS
from importer.files.delimiters import delimiter_called
from importer.files.encoding_names import CALLED, called
from importer.files.questions import Question
from importer.lifecycle.starting import Reading
from importer.models import Import
from importer.statuses import Status
from importer.web.errors import STATUSES
from importer.web.extensions import db, services

blueprint = Blueprint("answers", __name__)

CHECK = "/imports/<import_id:import_id>/file"
HEADER_LINES = 8
"""So many of the first lines may be chosen as the header."""

SAVE = "save_layout"
"""The control with the name under which the choices are kept."""

TYPICAL_DELIMITERS = (",", ";", "\t", "|")
CONTROLS_ONLY = frozenset({"csrf_token", "action", SAVE})


@blueprint.get(CHECK)
def new(import_id: str) -> str | Response:
    import_ = _find(import_id)
    if import_.status != Status.WAITING:
        return redirect(url_for("imports.show", import_id=import_id))
    if import_.asks_about_repeat:
        return render_template("imports/repeat.html", import_=import_, repeats=import_.repeats)
    return render_template("imports/check.html", **_page(import_, None))


@blueprint.post(f"{CHECK}/again")
def repeat(import_id: str) -> Response:
    """Import a file that was imported before; questions about it come next, where there are some."""
    answers.answer(db.session(), services(), _find(import_id), g.user, Options({SAME_FILE: AGAIN}))
    return redirect(url_for("imports.show", import_id=import_id), 303)


@blueprint.post(f"{CHECK}/preview")
def preview(import_id: str) -> str:
    """The part of the page that a choice changes; the page's script fetches it after each."""
    return render_template("imports/_check.html", **_page(_find(import_id), _form()))


@blueprint.post(CHECK)
def create(import_id: str) -> Any:
    """Take the answers and begin; where one is lacking, the page says which."""
    import_ = _find(import_id)
    page = _page(import_, _form())
    if request.form.get("action") == "update":
        return render_template("imports/check.html", **page)
    if page["lacking"] or page["refusal"]:
        return render_template("imports/check.html", **{**page, "was_sent": True}), 422
    try:
        options = Options(page["given"]).with_names(None, request.form.get(SAVE))
        answers.answer(db.session(), services(), import_, g.user, options)
    except (LayoutExistsError, OptionsError) as error:
        return render_template("imports/check.html", **{**page, "name_refusal": error.message}), STATUSES[
            type(error)
        ]
    return redirect(url_for("imports.show", import_id=import_id))


@blueprint.post(f"{CHECK}/discard")
def destroy(import_id: str) -> Response:
    """Forget this upload, and choose another file."""
    import_ = _find(import_id)
    record_type = import_.record_type
    imports.delete(db.session(), import_, g.user)
    flash("The file was not imported. Choose another one.")
    return redirect(url_for("imports.new", record_type=record_type))


def _find(import_id: str) -> Import:
    return find_import(db.session(), g.user, import_id)


def _form() -> dict[str, str]:
    return {name: value for name, value in request.form.items() if name not in CONTROLS_ONLY}


def _page(import_: Import, form: dict[str, str] | None) -> dict[str, Any]:
    """What the page shows.

    Args:
        form: what its controls say; None: the likeliest answer to each question, still to be confirmed.
    """
    first = answers.questions_before_conversion(import_)
    if first:
        return _first_choice(import_, first, form)
    before = answers.reading_of(db.session(), services(), import_, {})
    baseline = chosen_of(before)
    asked = [question.id for question in before.opening.proposal.questions]
    if form is None:
        given = {q.id: q.default for q in before.opening.proposal.questions if q.default is not None}
    else:
        given = answers_of(form, baseline, asked)
        refuse_unwritable(given)
    refusal, reading = None, before
    try:
        reading = answers.reading_of(db.session(), services(), import_, given)
    except RefusedFileError as error:
        refusal = error.message
    return {
        "import_": import_,
        "refusal": refusal,
        **_name(import_),
        "given": given,
        "was_sent": False,
        **_shown(import_, before, reading, given),
    }


def _name(import_: Import) -> dict[str, str | None]:
    """What the field for a name shows: what was typed, or else said with the upload."""
    said = (import_.save_layout or {}).get("name", "")
    return {"save_layout": request.form.get(SAVE, said), "name_refusal": None}


def _first_choice(import_: Import, questions: list[Question], form: dict[str, str] | None) -> dict[str, Any]:
    """What the page shows of a file that can be converted only when these questions are answered."""
    if form is None:
        given = {question.id: question.default for question in questions if question.default is not None}
    else:
        given = {question.id: form[question.id] for question in questions if question.id in form}
    return {
        "import_": import_,
        "proposal": None,
        "record_type": services().record_types[import_.record_type],
        "questions": questions,
        "given": given,
        "lacking": [question.id for question in questions if not question.takes(given.get(question.id))],
        "refusal": None,
        **_name(import_),
        "was_sent": False,
    }


def _shown(import_: Import, before: Reading, reading: Reading, given: dict[str, Any]) -> dict[str, Any]:
    proposal = reading.opening.proposal
    still = {question.id: question for question in proposal.questions}
    asked = {question.id: question for question in before.opening.proposal.questions}
    chosen = {**chosen_of(reading), **{id_: value for id_, value in given.items() if isinstance(value, str)}}
    record_type = services().record_types[import_.record_type]
    filled = set(proposal.mapping.fields)
    rendered = {*chosen_of(reading), *asked, *still}
    return {
        "reading": reading,
        "proposal": proposal,
        "converted": import_.conversion,
        "record_type": record_type,
        "questions": [{**asked, **still}[id_] for id_ in dict.fromkeys([*asked, *still])],
        "lacking": list(still),
        "chosen": chosen,
        "kept": {id_: value for id_, value in given.items() if id_ not in rendered and isinstance(value, str)},
        "preview": preview_of(record_type, proposal),
        "fields": record_type.fields,
        "constants": [
            f"{begin}-{field.name}" for field in record_type.fields for begin in ("constant", "default")
        ],
        "unfilled": [field for field in record_type.fields if field.name not in filled],
        "left_out": [column for column in proposal.columns if column.field is None and column.has_values],
        "rows": _rows(import_, reading),
        **_choices(before, reading),
    }


def _rows(import_: Import, reading: Reading) -> dict[str, Any]:
    """How many rows the file has, or about as many, by how many bytes the first ones take."""
    rows = reading.opening.proposal.described.rows
    size = sum(len("".join(row.cells).encode("utf-8", "replace")) + len(row.cells) + 1 for row in rows)
    whole = (import_.size_bytes or 0) - reading.opening.position.offset
    estimated = round(len(rows) * whole / size) if size else 0
    is_exact = whole <= size * 1.5 and len(rows) < 1900
    return {"count": len(rows) if is_exact else max(estimated, len(rows)), "is_exact": is_exact}


def _choices(before: Reading, reading: Reading) -> dict[str, Any]:
    """What the controls of the first sentence offer."""
    profile = reading.opening.proposal.described.profile
    signs = dict.fromkeys([*TYPICAL_DELIMITERS, profile.dialect.delimiter])
    records = reading.opening.proposal.described.first_records
    return {
        "encodings": {name: called(name) for name in dict.fromkeys([profile.encoding, *CALLED])},
        "delimiters": {sign: delimiter_called(sign) for sign in signs},
        "quotes": {'"': 'double: "', "'": "single: '", "": "none"},
        "header_lines": {str(record.line): record.cells for record in records[:HEADER_LINES]},
        "orders": DATE_ORDERS,
        "marks": MARKS,
        "percents": PERCENTS,
        "centuries": {"1900": "1900 to 1999", "1930": "1930 to 2029", "2000": "2000 to 2099"},
    }
