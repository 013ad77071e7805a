"""What was read otherwise than it stands in the file: counts by field and kind, each with the first few examples.

A batch writes them shortly before the import's counters, in a fixed order, so that two batches never wait for each
other in a circle. Only rows that are imported count: one that fails is counted when a retry imports it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from importer.files.cells.chain import Alteration as AlteredCell
from importer.models import Alteration, Import
from importer.record_types.literals import array_literal, integer_array_literal

MAX_EXAMPLES = 5
"""Of one kind in one field: those of the lowest rows."""

MAX_CHARACTERS = 200
"""Of a cell in an example."""

ADD = """
INSERT INTO alterations AS known (import_sequence, field, kind, count, examples)
SELECT %(sequence)s, field, kind, count, examples
FROM unnest(%(fields)s::text[], %(kinds)s::text[], %(counts)s::bigint[], %(examples)s::text[])
    AS batch (field, kind, count, examples)
ORDER BY field, kind
ON CONFLICT (import_sequence, field, kind) DO UPDATE SET
    count = known.count + excluded.count,
    examples = (
        SELECT json_agg(example ORDER BY row_number) FROM (
            SELECT example, (example -> 0)::text::integer AS row_number
            FROM (
                SELECT json_array_elements(known.examples::json) AS example
                UNION ALL SELECT json_array_elements(excluded.examples::json)
            ) AS examples
            ORDER BY row_number LIMIT %(most)s
        ) AS first
    )::text
"""

SET_SHORT_ROWS = """
INSERT INTO alterations (import_sequence, field, kind, count, examples)
SELECT sequence, '', 'missing_cells', %(count)s, '[]' FROM imports
WHERE id = %(import_id)s
AND coalesce(conversion ->> 'holds', 'text') = 'text'
ON CONFLICT (import_sequence, field, kind) DO UPDATE SET count = excluded.count
"""

SET_BLANK_ROWS = "UPDATE imports SET blank_rows = %(count)s WHERE id = %(import_id)s"

DELETE = "DELETE FROM alterations WHERE import_sequence = %(sequence)s"


def add_alterations(
    connection: Connection, sequence: int, alterations: Mapping[str, Mapping[int, Sequence[AlteredCell]]]
) -> None:
    """Add those of rows that are imported, by field and row number."""
    added = [line for field, by_row in alterations.items() for line in _lines(field, by_row)]
    if not added:
        return
    parameters = {
        "sequence": sequence,
        "fields": array_literal(field for field, *_ in added),
        "kinds": array_literal(kind for _, kind, *_ in added),
        "counts": integer_array_literal(count for _, _, count, _ in added),
        "examples": array_literal(json.dumps(examples) for *_, examples in added),
        "most": MAX_EXAMPLES,
    }
    connection.exec_driver_sql(ADD, parameters)


def set_short_rows(connection: Connection, import_id: str, count: int) -> None:
    """Note how many rows of a file had fewer cells than its header; it may be read to its end more than once."""
    if count:
        connection.exec_driver_sql(SET_SHORT_ROWS, {"import_id": import_id, "count": count})


def set_blank_rows(connection: Connection, import_id: str, count: int) -> None:
    """Note how many lines of a file had no value."""
    if count:
        connection.exec_driver_sql(SET_BLANK_ROWS, {"import_id": import_id, "count": count})


def _lines(
    field: str, by_row: Mapping[int, Sequence[AlteredCell]]
) -> Iterator[tuple[str, str, int, list[tuple[int, str, str | None]]]]:
    """The kinds in a field, each with its count and the examples of the lowest rows."""
    counts = Counter([kind for altered in by_row.values() for kind, _, _ in altered])
    examples: dict[str, list[tuple[int, str, str | None]]] = {kind: [] for kind in counts}
    wanted = sum(min(count, MAX_EXAMPLES) for count in counts.values())
    for number in sorted(by_row):
        for kind, before, after in by_row[number]:
            if len(examples[kind]) < MAX_EXAMPLES:
                examples[kind].append((number, _cut(before), _cut(after) if after is not None else None))
                wanted -= 1
        if not wanted:
            break
    return ((field, kind, counts[kind], examples[kind]) for kind in counts)


def alterations_of(session: Session, import_: Import, *, most: int) -> Sequence[Alteration]:
    """Those of an import, the most frequent ones first."""
    wanted = select(Alteration).where(Alteration.import_sequence == import_.sequence)
    ordered = wanted.order_by(Alteration.count.desc(), Alteration.field, Alteration.kind)
    return session.scalars(ordered.limit(most)).all()


def delete_alterations(connection: Connection, sequence: int) -> bool:
    """Delete those of an import, a few for each of its fields; say whether there were any."""
    return connection.exec_driver_sql(DELETE, {"sequence": sequence}).rowcount > 0


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…"
