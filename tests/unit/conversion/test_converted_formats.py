"""What OpenDocument, XLS, JSON, web pages, archives and wide texts hold becomes lines."""

import bz2
import gzip
import io
import json
import lzma
from pathlib import Path

import pytest
from workbooks import ods, xlsx, zipped

from importer.errors import RefusedFileError
from importer.files.conversion.preparation import has_to_be_converted
from importer.files.conversion.tables import tables_of, with_content
from importer.files.detection import describe
from importer.files.kinds import kind_of
from importer.files.samples import Sample

FILES = Path(__file__).parent / "files"


def cell(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def ods_row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


# OpenDocument


@pytest.mark.parametrize(
    ("attributes", "shown", "seen"),
    [
        ('office:value-type="float" office:value="12.5"', "12,50", "12.50"),
        ('office:value-type="float" office:value="1234.5"', "1.234,50", "1234.5"),
        ('office:value-type="float" office:value="0.30000000000000004"', "0.3", "0.3"),
        ('office:value-type="float" office:value="1234"', "01234", "01234"),
        ('office:value-type="float" office:value="0.6666666"', "0.67", "0.6666666"),
        ('office:value-type="percentage" office:value="0.19"', "19,00%", "19.00%"),
        ('office:value-type="currency" office:value="5"', "5,00 €", "5"),
        ('office:value-type="date" office:date-value="2024-01-31"', "31.01.24", "2024-01-31"),
        ('office:value-type="date" office:date-value="2024-01-31T10:30:00"', "x", "2024-01-31T10:30:00"),
        ('office:value-type="time" office:time-value="PT10H30M00S"', "10:30", "10:30:00"),
        ('office:value-type="boolean" office:boolean-value="true"', "WAHR", "TRUE"),
        ('office:value-type="string"', "007", "007"),
    ],
)
def test_an_open_document_cell_is_what_a_person_sees(converted, attributes, shown, seen):
    assert converted(ods(ods_row(cell(shown, attributes)))).cells == [[seen]]


def test_open_document_repeats_count_as_far_as_there_is_content(converted):
    blank = '<table:table-cell table:number-columns-repeated="16000"/>'
    file = ods(
        ods_row(cell("a", 'table:number-columns-repeated="2"'), blank),
        ods_row(blank, attributes='table:number-rows-repeated="10"'),
        ods_row('<table:table-cell table:number-columns-repeated="2"/>', cell("b"), blank),
        ods_row(cell("c"), attributes='table:number-rows-repeated="2"'),
        ods_row(blank, attributes='table:number-rows-repeated="1000000"'),
    )
    found = converted(file)
    assert found.cells == [["a", "a"], ["", "", "b"], ["c"], ["c"]]
    assert found.places == [1, 12, 13, 14]


def test_open_document_texts_have_their_blanks_lines_and_no_notes(converted):
    text = (
        "<table:table-cell><office:annotation><text:p>note</text:p></office:annotation>"
        '<text:p>a<text:s text:c="3"/>b</text:p><text:p><text:span>c</text:span><text:tab/>d</text:p>'
        "</table:table-cell>"
    )
    assert converted(ods(ods_row(text))).cells == [["a   b\nc\td"]]


def test_open_document_errors_and_hidden_parts_are_told(converted):
    hidden = '<style:style style:name="h"><style:table-properties table:display="false"/></style:style>'
    file = ods(
        ods_row(cell("Err:502", 'table:formula="of:=1" office:value-type="string"'), cell("x")),
        ods_row(cell("y"), attributes='table:visibility="collapse"'),
        before=hidden,
        more=f'<table:table table:name="Old" table:style-name="h">{ods_row(cell("z"))}</table:table>',
    )
    found = converted(file)
    assert found.cells == [["", "x"], ["y"]]
    assert found.codes == {"error_cells", "hidden_rows", "hidden_sheets"}


# XLS


def test_an_old_workbook_is_read_like_a_new_one(converted):
    with (FILES / "contacts.xls").open("rb") as file:
        found = converted(file)
        assert found.cells[1] == ["ana@example.com", "0049", "2024-01-31", "12.50", "TRUE", "0.3"]
        assert (
            found.cells[2] == ["bo@example.com", "", "", "4915123456789"] or found.cells[2][3] == "4915123456789"
        )
        assert {"hidden_rows", "merged_cells", "hidden_sheets"} <= found.codes
        assert [table.name for table in with_content(tables_of(file, "xls"))] == ["Contacts"]


def test_an_old_workbook_that_is_damaged_or_none_is_refused(converted):
    whole = (FILES / "contacts.xls").read_bytes()
    with pytest.raises(RefusedFileError) as refused:
        converted(io.BytesIO(whole[:3000]))
    assert refused.value.code in ("damaged_workbook", "office_document")
    word = whole[:512] + "WordDocument".encode("utf-16-le") + bytes(2000)
    with pytest.raises(RefusedFileError) as refused:
        converted(io.BytesIO(word))
    assert refused.value.code == "office_document"


# JSON


def as_json(*objects: object) -> io.BytesIO:
    return io.BytesIO(json.dumps(objects).encode())


def test_a_list_of_objects_has_a_column_for_each_name(converted):
    file = io.BytesIO(
        '\ufeff [{"email": "a@b.de", "n": 1.10, "big": 12345678901234567890},\n'
        ' {"ok": true, "email": null, "n": 1E5, "in": {"x": [1.0, "é"]}} ]\n'.encode()
    )
    found = converted(file)
    assert found.cells == [
        ["email", "n", "big", "ok", "in"],
        ["a@b.de", "1.10", "12345678901234567890", "", ""],
        ["", "1E5", "", "true", '{"x":[1.0,"é"]}'],
    ]
    assert found.places == [0, 1, 2]
    assert found.codes == {"nested_values"}


def test_objects_may_follow_one_another_and_a_line_that_is_none_fails_alone(converted):
    file = io.BytesIO(b'{"a": "1"}\n\n{"a": broken}\r\n[1, 2]\n{\n "a":\n "2"}{"a": "3"}\n{"a": "cut off')
    found = converted(file)
    assert found.cells == [["a"], ["1"], ['{"a": broken}'], ["[1,2]"], ["2"], ["3"], ['{"a": "cut off']]
    assert found.places == [0, 1, 3, 4, 5, 7, 8]
    assert [bool(line.problem) for line in found.lines] == [False, False, True, True, False, False, True]


def test_names_that_come_late_or_twice_are_told(converted):
    objects = [*([{"a": 1}] * 2000), {"a": 2, "b": 3}]
    assert converted(as_json(*objects)).codes == {"late_keys"}
    assert converted(io.BytesIO(b'{"a": 1, "a": 2}')).codes == {"repeated_keys"}


def test_a_list_that_is_damaged_is_refused_with_its_line(converted):
    for damaged in (b'[{"a": 1},\n{"a": }]', b'[{"a": 1},\n', b'[{"a": 1}\n] []'):
        with pytest.raises(RefusedFileError, match="line 2"):
            converted(io.BytesIO(damaged))


def test_json_of_many_pieces_gives_what_it_holds(converted):
    objects = [{"id": n, "text": 'é\\"]}' * (n % 50)} for n in range(5000)]
    found = converted(as_json(*objects))
    assert found.cells[1:] == [[str(one["id"]), one["text"]] for one in objects]


def test_json_that_is_nested_too_deeply_fails(converted):
    deep = b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(RefusedFileError):
        converted(io.BytesIO(b"[" + deep + b"]"))


# JSON with its rows in an object


@pytest.mark.parametrize(
    "text",
    [
        '{"data": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}',
        '{"count": 2, "results": [\n{"a": 1, "b": "x"},\n{"a": 2, "b": "y"}\n], "next": null}\n',
        '{"meta": {"of": [{"z": 1}]}, "no": [], "tags": [1, {"z": 2}], "it": [{"a":1,"b":"x"},{"a":2,"b":"y"}]}',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_the_one_list_of_objects_in_an_object_is_the_table(converted, text, encoding):
    found = converted(io.BytesIO(text.encode(encoding)))
    assert found.cells == [["a", "b"], ["1", "x"], ["2", "y"]]
    assert found.told == []


def test_of_several_lists_of_objects_a_person_chooses(converted):
    file = io.BytesIO(b'{"people": [{"a": 1}], "places": [{"b": 2}, {"b": 3}]}')
    found = tables_of(file, "json_object")
    assert [(table.name, table.first_rows[0]) for table in found] == [("people", ["a"]), ("places", ["b"])]
    assert converted(file, "places").cells == [["b"], ["2"], ["3"]]
    packed = zipped({"x.json": file.getvalue()})
    assert converted(packed, "x.json/places").cells == [["b"], ["2"], ["3"]]


def test_a_list_within_an_object_is_read_as_a_stream(converted):
    objects = [{"id": n, "text": 'é\\"]}' * (n % 50)} for n in range(5000)]
    text = json.dumps({"before": [{"x": 1}] * 3000, "rows": objects, "after": "x" * 100_000}, ensure_ascii=False)
    found = converted(io.BytesIO(text.encode()), "rows")
    assert found.cells[1:] == [[str(one["id"]), one["text"]] for one in objects]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[{"a": 1}, {"a": 2},\n]', "line 2 on: a comma stands before a closing bracket; remove it"),
        ('[{"a": 1,}]', "line 1 on: a comma stands before a closing bracket"),
        ('[{"a": [1, ]}]', "a comma stands before a closing bracket"),
        ('// all people\n[{"a": 1}]', "line 1 on: a comment stands there, and JSON has none"),
        ('[{"a": 1}, /* no */ {"a": 2}]', "a comment stands there"),
        ('[\n{"a": 1, // one\n"b": 2}]', "line 2 on: a comment stands there"),
        ('[{"a": 1} {"a": 2}]', "a comma is missing between two values"),
        ('[{"a": 1}', "the list does not end"),
        ('[{"a": 1}] []', "something follows"),
        ('{"a": [{"b": 1}], }', "a comma stands before a closing bracket"),
        ('{"a": [{"b": 1}], "c" 1}', "a colon is missing behind a name"),
        ('{"a": [{"b": 1}], c: 1}', "a name in quotes is missing"),
        ('{"a": [{"b": 1}]', "the object does not end"),
        ('{"a": [{"b": 1}], "a": [{"b": 2}]}', "a second list is called 'a'"),
    ],
)
def test_what_is_nearly_json_is_refused_in_words(converted, text, problem):
    with pytest.raises(RefusedFileError) as refused:
        converted(io.BytesIO(text.encode()))
    assert problem in refused.value.message


# Web pages


def test_the_largest_table_of_a_page_is_read(converted):
    page = """<html><head><meta charset="windows-1252"><title>x</title></head><body>
    <table><tr><td>menu</td></tr></table>
    <table><tr><th>name<th>a &amp; b
    <tr><td colspan=2>Müller &lt;x&gt;&nbsp;</td><td rowspan="2">three</td></tr>
    <tr><td>1<br>2</td><td><b>bo</b>ld</td><td>end</td></tr></table></body></html>"""
    found = converted(io.BytesIO(page.encode("cp1252")))
    assert found.cells == [["name", "a & b"], ["Müller <x>", "", "three"], ["1\n2", "bold", "", "end"]]
    assert found.codes == {"other_tables"}


def test_the_rows_of_a_page_are_numbered_within_their_table_also_in_one_line(converted):
    found = converted(
        io.BytesIO(b"<table><tr><td>1</table><table><tr><td>a<td>b<tr><td>c<td>d<tr><td>e<td>f</table>")
    )
    assert (found.places, found.cells) == ([1, 2, 3], [["a", "b"], ["c", "d"], ["e", "f"]])


def test_a_page_without_a_table_is_refused(converted):
    with pytest.raises(RefusedFileError, match="without a table"):
        converted(io.BytesIO(b"<html><body>nothing</body></html>"))


def test_a_tag_that_does_not_end_is_refused(converted):
    with pytest.raises(RefusedFileError) as refused:
        converted(io.BytesIO(b"<table><tr><td>1</td></tr><!-- " + b"x" * 3_000_000))
    assert refused.value.code == "damaged_html"


def test_a_row_of_a_page_with_very_many_cells_is_refused(converted):
    with pytest.raises(RefusedFileError) as refused:
        converted(io.BytesIO(b"<table>\n<tr>" + b"<td>1" * 17_000))
    assert (refused.value.code, "row 1" in refused.value.message) == ("too_many_columns", True)


# Packed files and archives

TABLE = 'email,name\r\na@b.de,"Müller\r\nCo"\r\n'.encode()


@pytest.mark.parametrize("packed", [gzip.compress(TABLE, mtime=0), bz2.compress(TABLE), lzma.compress(TABLE)])
def test_a_packed_text_is_read_as_it_would_be_unpacked(converted, packed):
    assert converted(io.BytesIO(packed)).cells == [["email", "name"], ["a@b.de", "Müller\r\nCo"]]


def test_an_archive_of_one_table_is_read_and_one_of_several_is_a_choice(converted):
    added = {"__MACOSX/._a.csv": "x", ".DS_Store": "x", "empty.csv": "", "folder/": ""}
    assert converted(zipped({**added, "a.csv": TABLE})).cells[1][0] == "a@b.de"
    book = xlsx("<row><c><v>1</v></c></row>", sheets=(("Two", "visible", "<row><c><v>2</v></c></row>"),))
    several = zipped({"a.csv": TABLE, "b.xlsx": book.getvalue()})
    assert [table.name for table in tables_of(several, "zip")] == ["a.csv", "b.xlsx/Sheet1", "b.xlsx/Two"]
    assert converted(several, "b.xlsx/Two").cells == [["2"]]


def test_a_workbook_may_be_packed(converted):
    book = xlsx("<row><c><v>1</v></c></row>").getvalue()
    assert converted(zipped({"b.xlsx": book})).cells == [["1"]]
    assert converted(io.BytesIO(gzip.compress(book))).cells == [["1"]]


def test_an_archive_that_needs_a_password_is_refused(converted):
    file = bytearray(zipped({"a.csv": TABLE}).getvalue())
    file[6] |= 1
    file[file.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(RefusedFileError) as refused:
        converted(io.BytesIO(bytes(file)))
    assert refused.value.code == "encrypted"


@pytest.mark.parametrize(
    ("name", "code"), [("word/document.xml", "office_document"), ("a.pdf", "pdf"), ("__MACOSX/a", "no_table")]
)
def test_an_archive_without_a_table_is_refused(converted, name, code):
    with pytest.raises(RefusedFileError) as refused:
        converted(zipped({name: b"%PDF-1.7" if name == "a.pdf" else b"x"}))
    assert refused.value.code == code


# Texts


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_wide_texts_are_read_with_any_line_ends(converted, encoding):
    for end in ("\n", "\r", "\r\n"):
        text = end.join(["email\tname", "a@b.de\tMüller", 'c@d.de\t"東\t京"', ""])
        found = converted(io.BytesIO(text.encode(encoding)))
        assert found.cells == [["email", "name"], ["a@b.de", "Müller"], ["c@d.de", "東\t京"]]
        assert found.places == [1, 2, 3]


def test_line_ends_that_two_pieces_share_are_one(converted):
    three = "p@example.com,{}\r\na@b.de,y\ra@b.de,z\r"
    rows = "".join(three.format("x" * (number % 7)) for number in range(30_000))
    found = converted(io.BytesIO(f"email,name\r\n{rows}".encode()))
    assert found.places == list(range(1, 90_002))


def test_a_wide_text_that_is_cut_off_or_has_half_a_character_fails_those_rows(converted):
    text = "email,name\na@b.de,x\ud800y\nb@b.de,z\nc@d.de,end".encode("utf-16", "surrogatepass")
    found = converted(io.BytesIO(text[:-1]))
    assert found.cells[2] == ["b@b.de", "z"]
    for line in (found.lines[1], found.lines[3]):
        assert any("\udc80" <= character <= "\udcff" for character in "".join(line.cells))


def test_rows_that_cannot_be_read_keep_their_problem(converted):
    text = 'email,name\na@b.de,"x" y\nb@b.de\nc@b.de,"open\n'.encode("utf-16")
    found = converted(io.BytesIO(text))
    assert [line.problem for line in found.lines] == [None, "text_after_quote", None, "unclosed_quote"]


# Kinds


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b'[{"a": 1}]', "json"),
        (b' [ { } , {"a": 1}]', "json"),
        (b'{"a": 1}\n', "json_lines"),
        (b'{"a": [{"b": 1}]}\n{"a": [{"b": 2}]}\n', "json_lines"),
        (b'{"a": {"b": [{"c": 1}]}, "d": [1, {"e": 2}]}', "json_lines"),
        (b'{"a": [{"b": 1}], "next": null}\n', "json_object"),
        (b'{"meta": {"x": "]}"}, "a": [\n {"b": "cut', "json_object"),
        ('[{"a": "é"}]'.encode("utf-16"), "json"),
        ('\ufeff{"a": [{"b": 1}]}'.encode("utf-32-be"), "json_object"),
        ("<table><tr><td>a".encode("utf-16"), "html"),
        ("a,b\n[{,}\n".encode("utf-16"), "text"),
        (b"// exported\n/* by hand */ [{}]", "json"),
        (b"{a},b\n1,2\n", "text"),
        (b"[a],b\n1,2\n", "text"),
        (b'{"a","b"}\n', "text"),
        (b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>', "excel_xml"),
        (b"a.csv" + bytes(252) + b"ustar\x0000", "archive"),
    ],
)
def test_the_first_bytes_tell_these_kinds_too(head, kind):
    assert kind_of(head) == kind


def test_the_same_bytes_give_the_same_lines(converted):
    for file in (
        xlsx("<row><c><v>1</v></c></row>"),
        ods(ods_row(cell("a"))),
        as_json({"a": 1}),
        zipped({"a": TABLE}),
    ):
        assert [line.encode() for line in converted(file).lines] == [
            line.encode() for line in converted(file).lines
        ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('a,b\r1,"x\ry"\r2,"\r\r"\r', 3),
        ('a,b\r1,"x\r\ny"\r2,3\r', 1),
        ('a,b\r1,"x\ny"\r2,3\r', 0),
        ("a,b\r1,2\r\n3,4\r", 0),
    ],
)
def test_carriage_returns_inside_cells_are_read_as_line_feeds_and_counted(converted, text, count):
    found = converted(io.BytesIO(text.encode()))
    assert len(found.lines) == 3
    assert "\r" not in "".join(cell for cells in found.cells for cell in cells)
    words = f"{count} line breaks inside cells were carriage returns, line 2 first; they are read as line feeds."
    assert found.told == ([words] if count else [])


def test_where_line_feeds_end_the_lines_carriage_returns_inside_cells_stay(converted):
    found = converted(io.BytesIO(gzip.compress(b'a,b\n1,"x\ry"\n2,3\n')))
    assert (found.cells[1], found.told) == (["1", "x\ry"], [])


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (b"email,name\na@b.de,x\n", False),
        ("email,name\na@b.de,é\n".encode("cp1252"), False),
        ("email,name\na@b.de,x\n".encode("utf-16"), True),
        (b"email,name\ra@b.de,x\r", True),
        (b'{"a": 1}', True),
        (b"PK\x05\x06", True),
        (b"%PDF-1.7", False),
    ],
)
def test_what_can_be_read_where_it_lies_is_not_converted(content, answer):
    kind = kind_of(content)
    profile = describe(Sample(content, len(content))).profile if kind == "text" else None
    assert has_to_be_converted(kind, profile) is answer
