"""What was read otherwise than it stands in the file: counts by field and kind, each with the first few examples.

A batch writes them shortly before the import's counters, in a fixed order, so that two batches never wait for each
other in a circle. Only rows that are imported count: one that fails is counted when a retry imports it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

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

DELETE = "DELETE FROM alterations WHERE import_sequence = %(sequence)s"


def add_alterations(
    connection: Connection, sequence: int, rows: Mapping[int, Iterable[tuple[str, AlteredCell]]]
) -> None:
    """Add those of rows that are imported.

    Args:
        rows: by row number, in ascending order; each alteration with its field.
    """
    if not rows:
        return
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], list[Any]] = {}
    for number, altered in rows.items():
        for field, (kind, before, after) in altered:
            counts[field, kind] += 1
            if counts[field, kind] <= MAX_EXAMPLES:
                examples.setdefault((field, kind), []).append([number, _cut(before), _cut(after)])
    parameters = {
        "sequence": sequence,
        "fields": array_literal(field for field, _ in counts),
        "kinds": array_literal(kind for _, kind in counts),
        "counts": integer_array_literal(counts.values()),
        "examples": array_literal(json.dumps(examples[field_and_kind]) for field_and_kind in counts),
        "most": MAX_EXAMPLES,
    }
    connection.exec_driver_sql(ADD, parameters)


def alterations_of(session: Session, import_: Import, *, most: int) -> Sequence[Alteration]:
    """Those of an import, the most frequent ones first."""
    wanted = select(Alteration).where(Alteration.import_sequence == import_.sequence)
    ordered = wanted.order_by(Alteration.count.desc(), Alteration.field, Alteration.kind)
    return session.scalars(ordered.limit(most)).all()


def delete_alterations(connection: Connection, sequence: int) -> None:
    """Delete those of an import: a few for each of its fields."""
    connection.exec_driver_sql(DELETE, {"sequence": sequence})


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…"
