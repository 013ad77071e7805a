"""Which column of a file fills which field: by its name, or as a person has said; the others get suggestions.

A suggestion, by the nearness of names or by what the cells are, is never taken without a person.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from importer.files.fields import Field
from importer.files.mapping import FIRST, LAST
from importer.files.names import normalised
from importer.files.questions import DIGITS, LEFT_OUT, Answers, names_in_answers

NEAR = 80
"""Two names are near from this score on (0 to 100, RapidFuzz's ratio of their normalised forms)."""

WITHIN = 4
"""A name of so many characters or more at the beginning or end of another one makes the two near."""

CONSTANT = "="
"""What begins the answer that gives a field the same value in every row."""

PARTS = {f".{FIRST}": FIRST, f".{LAST}": LAST}


@dataclass
class Source:
    """Where the value of a field comes from.

    Attributes:
        columns: of the file, from 0.
        constant: the same value for every row.
        is_said: whether a person has said so.
    """

    columns: tuple[int, ...] = ()
    part: str | None = None
    constant: str | None = None
    is_said: bool = False

    @classmethod
    def said(cls, answer: str, width: int) -> Source | None:
        """What an answer means: `3`, `2+3`, `2.last`, `=ACME` or `none`; None: nothing that there is.

        Columns are numbered from 1, as people count them.
        """
        if answer == LEFT_OUT:
            return cls(is_said=True)
        if answer.startswith(CONSTANT):
            return cls(constant=answer[1:], is_said=True)
        part = next((PARTS[end] for end in PARTS if answer.endswith(end)), None)
        numbers = answer.removesuffix(f".{part}").split("+") if part else answer.split("+")
        if not all(n.isdecimal() and len(n) <= DIGITS and 1 <= int(n) <= width for n in numbers):
            return None
        if part and len(numbers) > 1:
            return None
        return cls(tuple(int(number) - 1 for number in numbers), part, is_said=True)


@dataclass
class Matching:
    """What is known of the columns.

    Attributes:
        sources: by field, of those that have one.
        rivals: by field, several columns of which each means it.
        left_out: columns that a person does not want.
        near: by field without a source, the columns whose names are near its own.
    """

    names: Sequence[str]
    fields: Sequence[Field]
    sources: dict[str, Source] = field(default_factory=dict)
    rivals: dict[str, list[int]] = field(default_factory=dict)
    left_out: set[int] = field(default_factory=set)
    near: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Sequence[str], fields: Sequence[Field], answers: Answers) -> Matching:
        """Match columns by their names, and then as a person has said.

        Args:
            names: of the columns, as the file has them.
        """
        matching = cls(names, fields)
        matching._by_name([one.name for one in fields], {one.name: (one.name, *one.aliases) for one in fields})
        unfilled = [
            one.name for one in fields if one.name not in matching.sources and one.name not in matching.rivals
        ]
        matching._by_name(unfilled, {one.name: one.hints for one in fields})
        matching._as_said(answers)
        matching._suggest()
        return matching

    @property
    def taken(self) -> set[int]:
        """Columns that fill a field, or might fill one that several mean."""
        filled = {column for source in self.sources.values() for column in source.columns}
        return filled.union(*self.rivals.values())

    @property
    def free(self) -> list[int]:
        """Columns of which nothing is taken and nothing was said."""
        settled = self.taken | self.left_out
        return [place for place in range(len(self.names)) if place not in settled]

    def field_of(self, column: int) -> str | None:
        """The field that a column fills, alone or with others."""
        return next((name for name, source in self.sources.items() if column in source.columns), None)

    def doubt(self, name: str, columns: list[int]) -> None:
        """Take a field's source from it, for several columns may be meant."""
        del self.sources[name]
        self.rivals[name] = columns

    def _by_name(self, wanted: Sequence[str], names: dict[str, Sequence[str]]) -> None:
        meant = {normalised(alias): name for name in reversed(wanted) for alias in reversed(names[name])}
        taken = self.taken
        found: dict[str, list[int]] = {}
        for place, name in enumerate(self.names):
            if place not in taken and (one := meant.get(normalised(name))) is not None:
                found.setdefault(one, []).append(place)
        for name, places in found.items():
            if len(places) == 1:
                self.sources[name] = Source((places[0],))
            else:
                self.rivals[name] = places

    def _as_said(self, answers: Answers) -> None:
        width = len(self.names)
        for one in self.fields:
            said = answers.valid(f"field-{one.name}", lambda answer: Source.said(answer, width) is not None)
            source = Source.said(said, width) if said is not None else None
            if source is not None:
                self._give(one.name, source)
        parts = ("", *PARTS)
        taken = {LEFT_OUT, *(f"{one.name}{part}" for one in self.fields for part in parts)}
        for place in range(width):
            for name in names_in_answers(self.names, place):
                said = answers.valid(f"column-{name}", taken.__contains__)
                if said is not None:
                    self._give_column(place, said)

    def _give(self, name: str, source: Source) -> None:
        """A field gets this source; its columns fill no other field whole."""
        self.rivals.pop(name, None)
        for other in list(self.sources):
            kept = tuple(column for column in self.sources[other].columns if column not in source.columns)
            if source.part is None and kept != self.sources[other].columns:
                self._set(other, Source(kept, is_said=True))
        self._set(name, source)

    def _set(self, name: str, source: Source) -> None:
        if source.columns or source.constant is not None or source.is_said:
            self.sources[name] = source

    def _give_column(self, place: int, said: str) -> None:
        names = {one.name for one in self.fields}
        name, _, part = said.partition(".")
        if said == LEFT_OUT:
            self.left_out.add(place)
            for other, source in list(self.sources.items()):
                if place in source.columns:
                    self.sources[other] = Source(tuple(c for c in source.columns if c != place), is_said=True)
            self._leave_out_rival(place)
        elif name in names and part in ("", FIRST, LAST):
            before = self.sources.get(name)
            joined = before.columns if before is not None and before.is_said and not part else ()
            columns = tuple(sorted({*joined, place}))
            self._give(name, Source(columns, part or None, is_said=True))

    def _leave_out_rival(self, place: int) -> None:
        for name, places in list(self.rivals.items()):
            if place in places:
                places.remove(place)
                if len(places) == 1:
                    self.sources[name] = Source((places[0],))
                    del self.rivals[name]

    def _suggest(self) -> None:
        unfilled = [
            (one.name, one.names)
            for one in self.fields
            if one.name not in self.sources and one.name not in self.rivals
        ]
        for place in self.free:
            written = normalised(self.names[place])
            scored = [(nearness(written, names), name) for name, names in unfilled]
            best = max(scored, default=(0.0, ""))
            if best[0] >= NEAR:
                self.near.setdefault(best[1], []).append(place)


def nearness(written: str, to: Collection[str]) -> float:
    """How near the name of a column is to one of these: 0 to 100, and 0 where it is not `NEAR`; all normalised."""
    if not written:
        return 0.0
    return max(_nearness(written, one) for one in to if one)


def _nearness(written: str, wanted: str) -> float:
    if len(wanted) >= WITHIN and (written.startswith(wanted) or written.endswith(wanted)):
        return 90.0
    return float(fuzz.ratio(written, wanted, score_cutoff=NEAR))
