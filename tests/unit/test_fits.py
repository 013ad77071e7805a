"""Which record type a file says it is, by the names of its columns."""

import pytest

from importer.control.first_look import CONVERTED, best_of, fits_of
from importer.files.conversion import sources
from importer.record_types.registry import RecordTypes

TYPES = RecordTypes()


def best(*header):
    return best_of(fits_of(header, TYPES))


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (["E-Mail", "Name", "Company"], "contacts"),
        (["icao", "name", "lat"], "airports"),
        (["Firma", "E-Mail-Adresse", "Name"], "contacts"),
        (["email", "surname"], "contacts"),
        (["email", "name", "icao", "company", "phone"], "contacts"),
        (["email", "name", "lat", "lon", "city"], "contacts"),
    ],
    ids=[
        "its own names",
        "another",
        "other languages",
        "not all required ones",
        "more of one than of the other",
        "all required ones of one, more columns of the other",
    ],
)
def test_the_names_of_the_columns_say_the_record_type(header, name):
    assert best(*header) == name


@pytest.mark.parametrize(
    "header",
    [[], ["colour", "size"], ["name"], ["name", "country"], ["email", "name", "icao"]],
    ids=["no columns", "no known one", "a column of both", "some columns of both", "all required ones of both"],
)
def test_a_file_that_may_be_either_says_none(header):
    assert best(*header) is None


def test_a_fit_counts_fields_and_not_columns():
    (fit,) = [fit for fit in fits_of(["email", "E-Mail", "other"], TYPES) if fit.name == "contacts"]
    assert (fit.label, fit.filled, fit.is_complete) == ("Contacts", 1, False)
    assert fit.fields == len(TYPES["contacts"].fields)


def test_every_kind_that_is_converted_has_words_and_no_other():
    assert set(CONVERTED) == set(sources.CONVERTED)
