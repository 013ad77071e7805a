"""What a row schema says of its fields that matters to the reading of cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo


class CellKind(str):
    """Marks what the cells of a field are, where its type does not say so: `Annotated[str, CellKind("code")]`.

    The kinds are those of `importer.files.cells.readings.KINDS`.
    """


class Years(NamedTuple):
    """Marks the years that a field's dates may have, which tells those of two digits: `Years(1900, 2099)`."""

    first: int | None = None
    last: int | None = None


KINDS: tuple[tuple[type, str], ...] = (
    (bool, "yes_no"),
    (datetime, "datetime"),
    (date, "date"),
    (Decimal, "decimal"),
    (float, "decimal"),
    (int, "integer"),
)
"""The kind of each type; a type that comes first counts, as every bool is an int."""


def kind_of(field: FieldInfo) -> str:
    """What the cells of a field are: as it is marked, or as its type says."""
    for mark in _marks(field):
        if isinstance(mark, CellKind):
            return str(mark)
    if choices_of(field):
        return "choice"
    plain = [get_args(type_)[0] if get_origin(type_) is Annotated else type_ for type_ in _types(field.annotation)]
    found = (
        kind for type_, kind in KINDS if any(isinstance(one, type) and issubclass(one, type_) for one in plain)
    )
    return next(found, "text")


def choices_of(field: FieldInfo) -> tuple[str, ...]:
    """All values of a field of a few fixed texts; else none."""
    choices: list[str] = []
    for type_ in _types(field.annotation):
        inner = get_args(type_)[0] if get_origin(type_) is Annotated else type_
        if get_origin(inner) is Literal:
            choices += [str(choice) for choice in get_args(inner)]
        elif isinstance(inner, type) and issubclass(inner, Enum):
            choices += [str(choice.value) for choice in inner]
    return tuple(choices)


def years_of(field: FieldInfo) -> Years:
    """The years that a field's dates may have, where it says so."""
    return next((mark for mark in _marks(field) if isinstance(mark, Years)), Years())


def check_of(field: FieldInfo) -> Callable[[str], bool]:
    """Whether a text passes the checks of a field, its own and no other's."""
    value_of = value_reader_of(field)

    def accepts(text: str) -> bool:
        try:
            value_of(text)
        except ValidationError:
            return False
        return True

    return accepts


def value_reader_of(field: FieldInfo) -> Callable[[str], Any]:
    """What makes a text a value of a field, by the checks of this field alone; it raises `ValidationError`."""

    @cache
    def adapter() -> TypeAdapter[Any]:
        type_: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
        return TypeAdapter(type_, config=ConfigDict(str_strip_whitespace=True))

    return lambda text: adapter().validate_python(text)


def _marks(field: FieldInfo) -> Iterator[Any]:
    yield from field.metadata
    for type_ in _types(field.annotation):
        yield from getattr(type_, "__metadata__", ())


def _types(annotation: Any) -> Iterator[Any]:
    """The types of a union, or the one that there is; None left out."""
    if get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _types(part)
    elif annotation is not type(None):
        yield annotation
