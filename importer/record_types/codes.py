"""Why rows fail: every code of a failed row with its meaning, and where trying again unchanged can help."""

from __future__ import annotations

VALUES: dict[str, str] = {
    "missing_value": "A field that every row must fill has no value.",
    "invalid_value": "The value is none that the field takes; the sentence says what it should be.",
    "invalid_number": "The cell is no number that the field takes.",
    "too_many_decimals": "The number has more decimals than the field keeps. Nothing is rounded.",
    "too_many_digits": "The number has more digits than the field keeps.",
    "out_of_range": "The number or date is smaller or larger than it may be.",
    "invalid_amount": "The cell is no amount of money with two decimals at most.",
    "invalid_date": "The cell is no date, there is no such day, or its year cannot be meant.",
    "invalid_time": "The cell is no time, or no date with a time.",
    "invalid_yes_no": "The cell says neither yes nor no.",
    "invalid_choice": "The cell is none of the few texts that the field takes.",
    "invalid_email": "The cell is no single e-mail address.",
    "invalid_phone": "The cell is no telephone number; a spreadsheet may have spoiled it.",
    "invalid_address": "The cell is no web address or network address.",
    "invalid_id": "The cell is no identifier of the form that the field takes (a UUID).",
    "too_long": "The text is longer than the field keeps. Nothing is cut.",
    "too_short": "The text is shorter than the field asks for.",
    "invalid_characters": "The text has characters that cannot be stored.",
}
"""A value does not fit its field. A record type's own checks may give other codes."""

READINGS: dict[str, str] = {
    "spreadsheet_error": "The cell holds an error of a spreadsheet, such as `#REF!`.",
    "not_a_number": "The column has numbers, and this cell is no number.",
    "not_a_country": "The cell is no code of a country, and nobody has said which one it stands for.",
    "ambiguous_number": "`1.500` may be one and a half or fifteen hundred, and nothing says which.",
    "other_decimal_mark": "The number has a point where its column has commas, or the other way round.",
    "percent": "The number has a percent sign, and nobody has said whether 12% is 12 or 0.12.",
    "not_a_date": "The column has dates, and this cell is no date.",
    "ambiguous_date": "`03.04.2024` may be in March or in April, and nothing says which.",
    "other_date_order": "The date has day, month and year in another order than its column.",
    "impossible_date": "There is no such day, such as 31 February.",
    "two_digit_year": "The year has two digits, and nothing says in which hundred years it lies.",
    "time_of_day": "The date has a time of day, which the field would lose.",
    "day_number": "The cell may be the number that a spreadsheet keeps for a date.",
    "not_a_date_time": "The column has dates with a time, and this cell is none.",
    "not_yes_no": "The word says neither yes nor no.",
    "several_addresses": "The cell has several e-mail addresses, the field keeps one.",
}
"""A cell contradicts how its column is read; the sentences are in `importer.files.cells.outcomes.FAULTS`."""

LINES: dict[str, str] = {
    "too_few_cells": "The row has fewer cells than the header.",
    "too_many_cells": "The row has more cells than the header.",
    "invalid_utf8": "A cell has bytes that are no text in UTF-8.",
    "nul_character": "A cell has a NUL character.",
    "cell_too_long": "A cell is longer than `MAX_CELL_CHARS`.",
    "record_too_long": "The row is longer than `MAX_RECORD_BYTES`.",
    "text_after_quote": "Text follows a closing quote.",
    "unclosed_quote": "A quote is not closed.",
    "repeated_header": "The row is the header once more, however its names are spelt.",
    "written_otherwise": "The row has as many cells as the header only with another delimiter or other quotes.",
    "quote_swallows_rows": "A quote closes only some lines below, and these look like rows.",
    "not_an_object": "A line of a file of JSON is no object with names and values.",
    "stray_carriage_return": "A carriage return stands inside an unquoted cell.",
}
"""A line is no sound row; the sentences are in `importer.files.problems.PROBLEMS`."""

CODE: dict[str, str] = {
    "check_raised": "The record type's own check broke off with an error.",
    "check_timeout": "The check of the row took too long.",
    "save_raised": "The record type's own code broke off with an error as it saved the row.",
    "worker_died": "Worker after worker died over this row alone.",
    "record_type_broken": "The code or the table of the record type is wrong.",
}
"""The database or code says no, rather than a cell."""

MAY_NOT_END = frozenset({"check_timeout", "worker_died"})
"""Codes of rows whose check may take for ever, or end its process: only a worker runs it again."""

DATABASE = "database_"
"""What the code of a row begins with that the database refuses; Postgres's own code follows."""

OF_DATABASE = "The table refuses the row; the end of the code is Postgres's own."

CANNOT_HELP = DATABASE + "22"
"""Postgres's class of values that a column cannot hold: it refuses them again."""

MEANINGS: dict[str, str] = VALUES | READINGS | LINES | CODE


def meaning_of(code: str) -> str | None:
    """What a code means; None for one that a record type gives by itself."""
    return OF_DATABASE if code.startswith(DATABASE) else MEANINGS.get(code)


def may_pass_unchanged(code: str) -> bool:
    """Whether a row that failed so may be imported as it is, once something else was repaired."""
    return code in CODE or (code.startswith(DATABASE) and not code.startswith(CANNOT_HELP))
