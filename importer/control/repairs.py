"""Repairs: a rule for many failed rows of an import, from its JSON to what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from importer.control.repair_answers import remember_rule
from importer.control.repair_counts import failing_of
from importer.control.retries import enqueue_retries
from importer.errors import RefusedTransitionError, RuleError
from importer.files.mapping import Fill
from importer.files.repairs.rule import Rule
from importer.files.repairs.rules import RULES, WITHOUT_COLUMNS, Discard, Retry, rule_from_json
from importer.files.repairs.sentences import in_words
from importer.files.repairs.values import DecimalMark, Percent
from importer.ledger.chosen_rows import ChosenRows
from importer.ledger.repairs import last_failed_row
from importer.lifecycle.event_kinds import EventKind
from importer.lifecycle.events import record_in
from importer.models import Import, Repair, User
from importer.record_types.mappings import mapping_of
from importer.services import Services
from importer.statuses import TAKES_ROWS

EVENTS = {Discard.kind: EventKind.DISCARDED, Retry.kind: EventKind.CHOSEN_RETRIED}
"""What the history says of rules that repair nothing."""

LISTED = 20
"""The latest repairs of an import that are told; the others are kept."""


def fill_of(services: Services, import_: Import, field: str | None) -> Fill | None:
    """What fills a field of an import; None where no column does."""
    record_type = services.record_types[import_.record_type]
    mapping = mapping_of(record_type, import_.columns or [], import_.mapping)
    return next((fill for fill in mapping.fills if fill.field == field and fill.columns), None)


def prepared(services: Services, import_: Import, chosen: ChosenRows, told: Any) -> Rule:
    """The rule that JSON says, complete: what it leaves out follows from the field of the chosen rows.

    Its columns are those that fill the field. Numbers are written with the decimal mark of their column.

    Raises:
        RuleError: it says no rule, or not for which column.
    """
    rule = rule_from_json(told)
    if rule.kind in WITHOUT_COLUMNS:
        return rule
    fill = fill_of(services, import_, chosen.field)
    if not rule.columns and fill is not None:
        rule = replace(rule, columns=fill.columns)
    if not rule.columns:
        raise RuleError(
            'The rule does not say what it changes. Give "columns", such as [3], or choose rows by their field.'
        )
    if isinstance(rule, DecimalMark | Percent) and "writes" not in told:
        return replace(rule, writes=_mark_of(services, import_, rule.columns[0]))
    return rule


def _mark_of(services: Services, import_: Import, place: int) -> str | None:
    """The decimal mark of a column; None where it has none, or fills no field."""
    record_type = services.record_types[import_.record_type]
    fills = mapping_of(record_type, import_.columns or [], import_.mapping).fills
    return next((fill.reading.decimal_mark for fill in fills if place in fill.columns), None)


def begin(
    session: Session,
    services: Services,
    import_: Import,
    user: User,
    chosen: ChosenRows,
    rule: Rule,
    *,
    remembers: bool = False,
) -> Repair:
    """Let a rule change the chosen rows, which are tried again; it is carried out after the repairs before it.

    Args:
        remembers: whether files with the same columns are to be read so from now on.

    Raises:
        RefusedTransitionError: the import was cancelled or stopped, or has no failed row.
        RuleError: the rule cannot be remembered.
    """
    until = _last_row_to_repair(session, import_)
    if rule.kind == Retry.kind and (under_way := _retry_under_way(session, import_, chosen)):
        return under_way
    if remembers and not remember_rule(session, services, import_, user, rule):
        raise RuleError("This rule cannot be remembered for other files: it is none of how a column is read.")
    repair = Repair(
        import_sequence=import_.sequence,
        chosen=chosen._replace(discarded=False).as_json(),  # the rule says that by itself
        rule=rule.as_json(),
        made_by=user.id,
        after=0,
        until=until,
    )
    session.add(repair)
    record_in(session, import_, EVENTS.get(rule.kind, EventKind.REPAIRED), user.id)
    if remembers:
        record_in(session, import_, EventKind.REMEMBERED, user.id)
    session.commit()
    enqueue_retries(services, import_)
    return repair


def begin_retry(session: Session, services: Services, import_: Import, user: User, chosen: ChosenRows) -> Repair:
    """Have the chosen rows tried again as they are.

    Raises:
        RefusedTransitionError: the import was cancelled or stopped, or has no failed row.
        RuleError: no rows are chosen.
    """
    if chosen == ChosenRows():
        raise RuleError("No rows are chosen. Give a field, a code or a text; or retry all failed rows.")
    return begin(session, services, import_, user, chosen, Retry())


def _retry_under_way(session: Session, import_: Import, chosen: ChosenRows) -> Repair | None:
    """A retry of the same rows that is not carried out yet: another one would try them twice."""
    wanted = select(Repair).where(
        Repair.import_sequence == import_.sequence,
        Repair.finished_at.is_(None),
        Repair.rule == Retry().as_json(),
        Repair.chosen == chosen.as_json(),
    )
    return session.scalars(wanted.limit(1)).first()


def _last_row_to_repair(session: Session, import_: Import) -> int:
    """The number of the last failed row.

    Raises:
        RefusedTransitionError: there is none, or none may be repaired.
    """
    last = last_failed_row(session, import_.sequence)
    if last is None:
        raise RefusedTransitionError(f"Import {import_.id} has no failed rows.")
    if import_.status not in TAKES_ROWS:
        raise RefusedTransitionError(
            f"Import {import_.id} is {import_.status}: its failed rows cannot be repaired."
        )
    return last


@dataclass(frozen=True)
class RepairReport:
    """A repair and what came of it; rows are counts, times are ISO 8601 in UTC.

    Attributes:
        words: what the rule does.
        made_by: an e-mail address; None: the command line, or somebody who is gone.
        is_finished: whether all chosen rows were looked at; some may still be tried.
        changed_rows: rows that it changed, or marked.
        imported_rows, failing_rows, retrying_rows: what has become of the changed ones.
        reason: why it ended before it was carried out.
    """

    id: int
    chosen: dict[str, Any]
    rule: dict[str, Any]
    words: str
    made_by: str | None
    made_at: str
    is_finished: bool
    finished_at: str | None
    changed_rows: int
    unchanged_rows: int
    imported_rows: int
    failing_rows: int
    retrying_rows: int
    reason: str | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it by itself."""
        return self.is_finished and not self.retrying_rows

    @property
    def kind(self) -> str:
        return str(self.rule["kind"])

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def repairs_of(session: Session, import_: Import) -> list[RepairReport]:
    """The latest repairs of an import, the last one first."""
    wanted = (
        select(Repair, User.email)
        .outerjoin(User, User.id == Repair.made_by)
        .where(
            Repair.import_sequence == import_.sequence,
            func.jsonb_extract_path_text(Repair.rule, "kind").in_(RULES),
        )
        .order_by(Repair.id.desc())
        .limit(LISTED)
    )
    found = session.execute(wanted).all()
    failing = failing_of(session, import_, [repair for repair, _ in found])
    return [_report(repair, email, import_.header or [], failing) for repair, email in found]


def begun(import_: Import, repair: Repair, user: User) -> RepairReport:
    """The report on a repair that somebody has just begun: nothing has come of it yet."""
    return _report(repair, user.email if user.id is not None else None, import_.header or [], {})


def _report(
    repair: Repair, email: str | None, names: Sequence[str], counts: Mapping[int, tuple[int, int]]
) -> RepairReport:
    failing, retrying = counts.get(repair.id, (0, 0))
    tried = 0 if repair.rule["kind"] in WITHOUT_COLUMNS else repair.changed_rows
    return RepairReport(
        id=repair.id,
        chosen=repair.chosen,
        rule=repair.rule,
        words=in_words(rule_from_json(repair.rule), names),
        made_by=email,
        made_at=repair.made_at.isoformat(),
        is_finished=repair.after is None,
        finished_at=repair.finished_at.isoformat() if repair.finished_at else None,
        changed_rows=repair.changed_rows,
        unchanged_rows=repair.unchanged_rows,
        imported_rows=max(tried - failing - retrying, 0),
        failing_rows=failing,
        retrying_rows=retrying,
        reason=repair.reason,
    )
