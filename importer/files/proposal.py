"""How a file would be read: what is known of it, what fills each field, and what only a person can say.

A pure function of a sample of the file, the fields of the record type, and the answers that were given.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from importer.files.cell_questions import about_cells, said_of_cells, settled
from importer.files.cells.chain import reader_of
from importer.files.cells.evidence import Decision, decide
from importer.files.cells.readings import Reading
from importer.files.detection import Described, letters
from importer.files.early_years import about_early_years
from importer.files.fields import Field
from importer.files.mapping import Fill, Mapping
from importer.files.matching import Matching, Source
from importer.files.name_parts import doubt_whole_names
from importer.files.questions import LEFT_OUT, Answers, Choice, Question, names_in_answers

TYPICAL = frozenset({"email", "date", "datetime", "yes_no"})
"""Kinds of fields that can be told by their cells alone."""

JOINABLE = frozenset({"text"})
"""Kinds of fields that several columns may fill together."""

EXAMPLES = 3
CELLS_COMPARED = 200
LIKELY = 0.5
MOST_COLUMNS_ASKED = 50

KEEP, CLEAR = "keep", "clear"
"""The answers to `empty_cells`: an empty cell leaves the value of an existing record alone, or clears it."""


class ProposedColumn(NamedTuple):
    """A column of the file.

    Attributes:
        number: from 1.
        name: as the file has it; `A`, `B`, `C` where there is no header.
        examples: its first values.
        field: the one that it fills, alone or with others.
        suggested: the one that it would fill, if a person says so.
        evidence: how its cells are read, and why.
        has_values: whether any of its first cells holds something.
    """

    number: int
    name: str
    examples: list[str]
    field: str | None
    suggested: str | None
    evidence: str
    has_values: bool


class Proposal(NamedTuple):
    """How a file would be read.

    Attributes:
        questions: what is still to be answered, the file before its columns.
        missing: required fields that nothing can fill.
    """

    described: Described
    columns: list[ProposedColumn]
    mapping: Mapping
    questions: list[Question]
    missing: list[str]

    @property
    def fields_of_columns(self) -> list[str | None]:
        """The field that each column fills."""
        return [column.field for column in self.columns]


def propose(described: Described, fields: Sequence[Field], answers: Answers) -> Proposal:
    """Say how a file would be read.

    Args:
        described: the file, with those answers that are about all of it.
    """
    return _Proposing(described, fields, answers).proposal()


class _Proposing:
    def __init__(self, described: Described, fields: Sequence[Field], answers: Answers) -> None:
        self._described = described
        self._fields = fields
        self._answers = answers
        self._has_header = described.profile.header_line is not None
        self._names = described.header
        self._cells = [self._cells_of(place) for place in range(len(self._names))]
        names = self._names if self._has_header else [""] * len(self._names)
        self._matching = Matching.of(names, fields, answers)
        doubt_whole_names(self._matching, self._cells)
        self._decisions: dict[str, Decision] = {}
        self._suggested = {place: name for name, places in self._matching.near.items() for place in places}
        self._suggest_by_content()

    def _cells_of(self, place: int) -> list[tuple[int, str]]:
        """The cells of a column that hold something, with their lines."""
        rows = self._described.rows
        return [
            (row.line, row.cells[place]) for row in rows if place < len(row.cells) and row.cells[place].strip()
        ]

    def proposal(self) -> Proposal:
        fills = [fill for one in self._fields if (fill := self._fill(one)) is not None]
        clears = self._answers.valid("empty_cells", (CLEAR, KEEP).__contains__) == CLEAR
        mapping = Mapping(tuple(fills), clears=clears)
        questions = [
            *self._described.questions,
            *self._about_fields(),
            *self._about_columns(),
            *self._about_cells(),
        ]
        columns = [self._column(place) for place in range(len(self._names))]
        warnings = [*self._described.warnings, *about_early_years(mapping, self._described.rows)]
        return Proposal(self._described._replace(warnings=warnings), columns, mapping, questions, self._missing())

    # What fills the fields

    def _fill(self, one: Field) -> Fill | None:
        source = self._matching.sources.get(one.name)
        if source is None or not (source.columns or source.constant):
            return None
        if not source.columns:
            return Fill(one.name, (), Reading(kind=one.kind), default=source.constant)
        default = self._answers.valid(f"default-{one.name}", bool)
        decision = self._decide(one, source)
        self._decisions[one.name] = decision
        return Fill(one.name, source.columns, decision.reading, source.part, default)

    def _decide(self, one: Field, source: Source) -> Decision:
        """How the cells are read; of several joined columns each cell is a text."""
        column = source.columns[0]
        said = said_of_cells(one.kind, names_in_answers(self._names, column), self._answers)
        decision = self._decided(one, column, said.known)
        unsaid = Reading(kind=one.kind)
        is_remembered = said.known != unsaid and not said.final and not decision.open
        if is_remembered and self._fits_nowhere(column, one, decision.reading):
            decision = self._decided(one, column, unsaid)  # what is remembered is of other files
        return settled(decision, said)

    def _decided(self, one: Field, column: int, known: Reading) -> Decision:
        return decide(
            one.kind,
            self._cells[column],
            known=known,
            choices=one.choices,
            earliest_year=one.first_year,
            latest_year=one.last_year,
        )

    def _fits_nowhere(self, column: int, one: Field, reading: Reading) -> bool:
        """Whether a column has values of which the field would take none."""
        read = reader_of(reading)
        outcomes = [read(cell) for _, cell in self._cells[column][:CELLS_COMPARED]]
        values = [found for found in outcomes if found.text is not None or found.fault is not None]
        taken = (found.fault is None and one.accepts(str(found.text)) for found in values)
        return bool(values) and not any(taken)

    # Suggestions

    def _suggest_by_content(self) -> None:
        """A column whose cells all pass the checks of an unfilled field of a typical kind is likely to be it."""
        likely = set(self._suggested.values())
        for one in self._fields:
            is_open = one.name not in self._matching.sources and one.name not in self._matching.rivals
            if is_open and one.kind in TYPICAL and one.name not in likely:
                fitting = [place for place in self._matching.free if self._share_fitting(place, one) == 1]
                if fitting and fitting[0] not in self._suggested:
                    self._suggested[fitting[0]] = one.name

    def _share_fitting(self, place: int, to: Field) -> float:
        """How many of the cells of a column would pass the checks of a field: 0 to 1."""
        cells = self._cells[place][:CELLS_COMPARED]
        if not cells:
            return 0.0
        read = reader_of(decide(to.kind, cells).reading)
        texts = [read(cell).text for _, cell in cells]
        return sum(text is not None and to.accepts(text) for text in texts) / len(texts)

    def _suggestions_for(self, name: str) -> list[int]:
        return [place for place, suggested in self._suggested.items() if suggested == name]

    # Questions

    def _missing(self) -> list[str]:
        """Required fields that have no column, and of which nobody can be asked for one."""
        return [one.name for one in self._fields if self._lacks(one) and not self._can_ask(one)]

    def _lacks(self, one: Field) -> bool:
        source = self._matching.sources.get(one.name)
        has_source = source is not None and bool(source.columns or source.constant)
        return one.required and not has_source and one.name not in self._matching.rivals

    def _can_ask(self, one: Field) -> bool:
        """Whether some column might be the one, and the file is of this record type at all."""
        is_of_type = bool(self._matching.sources or self._suggested or not self._has_header)
        return is_of_type and bool(self._candidates(one))

    def _candidates(self, one: Field) -> list[int]:
        """Columns that might fill a field: suggested ones, and those most of whose cells would pass its checks."""
        near = self._suggestions_for(one.name)
        others = (place for place in self._matching.free if place not in near)
        return near + [place for place in others if self._share_fitting(place, one) >= LIKELY]

    def _about_fields(self) -> Iterator[Question]:
        for one in self._fields:
            if one.name in self._matching.rivals:
                yield self._about_rivals(one)
            elif self._lacks(one) and self._can_ask(one):
                yield self._about_missing(one)

    def _about_rivals(self, one: Field) -> Question:
        places = self._matching.rivals[one.name]
        choices = [self._choice(place) for place in places]
        if one.kind in JOINABLE:
            choices.append(
                Choice("+".join(str(place + 1) for place in places), "all of them, one behind the other")
            )
        text = f"Several columns may be {one.name}. Which one is it?"
        return Question(f"field-{one.name}", "field", text, tuple(choices))

    def _about_missing(self, one: Field) -> Question:
        near = self._suggestions_for(one.name)
        choices = [self._choice(place) for place in self._candidates(one)]
        best = max(near, key=lambda place: self._share_fitting(place, one), default=None)
        default = None if best is None else str(best + 1)
        if len(near) > 1 and one.kind in JOINABLE:
            default = "+".join(str(place + 1) for place in near)
            joined = " and ".join(self._shown(place) for place in near)
            choices.insert(0, Choice(default, f"{joined}, one behind the other"))
        text = f"Which column holds {one.name}? No column is called so, and each record needs it."
        return Question(f"field-{one.name}", "field", text, tuple(choices), default)

    def _choice(self, place: int) -> Choice:
        return Choice(str(place + 1), f"column {self._shown(place)}", tuple(self._examples(place)))

    def _about_columns(self) -> Iterator[Question]:
        """Asks about columns with values that would be dropped: near to a field, or without a name.

        Of very many the first ones are asked about; the others are told as columns that are not imported.
        """
        lacking = {one.name for one in self._fields if self._lacks(one)}
        unfilled = [one.name for one in self._fields if one.name not in self._matching.sources]
        doubtful = (place for place in self._matching.free if self._is_doubtful(place, lacking))
        for place in islice(doubtful, MOST_COLUMNS_ASKED):
            suggested, is_named = self._suggested.get(place), self._is_named(place)
            choices = [Choice(one, f"it is {one}") for one in sorted(unfilled, key=lambda one: one != suggested)]
            choices.append(Choice(LEFT_OUT, "it is not imported"))
            examples = ", ".join(f"“{example}”" for example in self._examples(place))
            which = f"Column {self._shown(place)}" if is_named else f"Column {place + 1}, which has no name,"
            text = f"{which} holds {examples}. Which field is it?"
            yield Question(f"column-{place + 1}", "column", text, tuple(choices), suggested or LEFT_OUT)

    def _is_doubtful(self, place: int, lacking: Container[str]) -> bool:
        """Whether a column that nobody takes holds values, and is near to a field or has no name."""
        suggested = self._suggested.get(place)
        return (
            bool(self._cells[place])
            and (suggested or "") not in lacking
            and not (self._is_named(place) and not suggested)
        )

    def _is_named(self, place: int) -> bool:
        return self._has_header and bool(self._names[place].strip())

    def _about_cells(self) -> Iterator[Question]:
        for name, decision in self._decisions.items():
            column = self._matching.sources[name].columns[0]
            yield from about_cells(decision, column, self._shown(column))

    # What is shown

    def _column(self, place: int) -> ProposedColumn:
        field = self._matching.field_of(place)
        decision = self._decisions.get(field or "")
        return ProposedColumn(
            number=place + 1,
            name=self._names[place],
            examples=self._examples(place),
            field=field,
            suggested=self._suggested.get(place),
            evidence=decision.evidence if decision is not None else "",
            has_values=bool(self._cells[place]),
        )

    def _examples(self, place: int) -> list[str]:
        return list(dict.fromkeys(cell.strip() for _, cell in self._cells[place]))[:EXAMPLES]

    def _shown(self, place: int) -> str:
        name = " ".join(self._names[place].split())
        return name or letters(len(self._names))[place]
