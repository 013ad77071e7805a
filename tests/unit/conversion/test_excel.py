"""What an XLSX workbook holds becomes text as a person sees it."""

import zipfile

import pytest
from workbooks import MAIN, xlsx, zipped

from importer.errors import RefusedFileError
from importer.files.conversion.tables import tables_of


def row(*cells: str, number: int = 1) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


def number(text: str, style: int = -1) -> str:
    return f'<c s="{style}"><v>{text}</v></c>'


@pytest.mark.parametrize(
    ("stored", "code", "seen"),
    [
        ("0.30000000000000004", "General", "0.3"),
        ("4915123456789", "General", "4915123456789"),
        ("4.915123456789E+12", "General", "4915123456789"),
        ("1.5", "0.00", "1.50"),
        ("1.555", "0.00", "1.555"),
        ("1234.5", "#,##0.00", "1234.50"),
        ("0.19", "0%", "19%"),
        ("0.195", "0%", "19.5%"),
        ("1234", "00000", "01234"),
        ("12", "General", "12"),
        ("-7.0", "General", "-7"),
        ("0.000001", "General", "0.000001"),
        ("1E-300", "General", "1E-300"),
        ("1234.5", "#,##0.00 &quot;EUR&quot;", "1234.50"),
        ("1234.5", "[$€-407] #,##0.00;[Red]-#,##0.00", "1234.50"),
        ("45322", "dd.mm.yyyy", "2024-01-31"),
        ("45322", "d/m/yy;@", "2024-01-31"),
        ("45322", "mmm", "2024-01-31"),
        ("45322.4375", "yyyy-mm-dd hh:mm", "2024-01-31T10:30:00"),
        ("0.4375", "h:mm AM/PM", "10:30:00"),
        ("1.0625", "[h]:mm:ss", "25:30:00"),
        ("59", "yyyy-mm-dd", "1900-02-28"),
        ("60", "yyyy-mm-dd", "1900-02-29"),
        ("61", "yyyy-mm-dd", "1900-03-01"),
        ("1", "yyyy-mm-dd", "1900-01-01"),
        ("2958465", "yyyy-mm-dd", "9999-12-31"),
        ("-5", "yyyy-mm-dd", "-5"),
    ],
)
def test_a_number_is_what_a_person_sees(converted, stored, code, seen):
    assert converted(xlsx(row(number(stored, 0)), formats=(code,))).cells == [[seen]]


def test_dates_may_begin_in_1904(converted):
    file = xlsx(row(number("0", 0), number("43860.5", 0)), formats=("yyyy-mm-dd",), is_1904=True)
    assert converted(file).cells == [["1904-01-01", "2024-01-31T12:00:00"]]


def test_texts_keep_their_zeros_and_letters(converted):
    strings = (
        "<si><t>007</t></si><si><r><t>rich </t></r><r><t>text</t></r></si>"
        "<si><t>東京</t><rPh><t>トウキョウ</t></rPh></si><si><t>a_x000D_b _x005F_x000D_</t></si>"
    )
    cells = [f'<c t="s"><v>{n}</v></c>' for n in range(4)]
    inline = '<c t="inlineStr"><is><t>in</t><rPh><t>no</t></rPh><t>line</t></is></c>'
    file = xlsx(row(*cells, inline, '<c t="str"><f>A1</f><v>0049</v></c>'), strings=strings)
    assert converted(file).cells == [["007", "rich text", "東京", "a\rb _x000D_", "inline", "0049"]]


def test_booleans_are_words_and_dates_may_be_written_out(converted):
    file = xlsx(row('<c t="b"><v>1</v></c><c t="b"><v>0</v></c><c t="d"><v>2024-01-31T00:00:00Z</v></c>'))
    assert converted(file).cells == [["TRUE", "FALSE", "2024-01-31"]]


def test_error_cells_and_formulas_that_were_never_computed_are_empty_and_told(converted):
    file = xlsx(row('<c t="e"><v>#REF!</v></c><c><f>1+1</f></c><c><v>1</v></c><c><f>1+1</f><v>2</v></c>'))
    found = converted(file)
    assert found.cells == [["", "", "1", "2"]]
    assert found.codes == {"error_cells", "unknown_formulas"}
    assert "row 1, column 1" in found.told[0]


def test_cells_stand_where_their_references_say(converted):
    file = xlsx('<row r="3"><c r="B3"><v>1</v></c><c r="AB3"><v>2</v></c></row><row><c><v>3</v></c></row>')
    found = converted(file)
    assert found.places == [3, 4]
    assert found.cells == [["", "1", *[""] * 25, "2"], ["3"]]


def test_what_a_sheet_claims_of_its_size_is_not_believed(converted):
    rows = [row(number("1")), '<row r="1048576"><c s="0"/></row>']
    found = converted(xlsx(*rows, before='<dimension ref="A1:XFD1048576"/>'))
    assert found.cells == [["1"]]


def test_hidden_and_merged_parts_are_told_and_hidden_rows_are_read(converted):
    file = xlsx(
        row(number("1")),
        '<row r="2" hidden="1"><c><v>2</v></c></row>',
        before='<cols><col min="1" max="1" hidden="true"/></cols>',
        after='<mergeCells count="9"><mergeCell ref="A1:B1"/></mergeCells>',
        sheets=(("Old", "veryHidden", row(number("3"))),),
    )
    found = converted(file)
    assert found.cells == [["1"], ["2"]]
    assert found.codes == {"hidden_rows", "hidden_columns", "merged_cells", "hidden_sheets"}


def test_numbers_that_lost_digits_are_told(converted):
    assert converted(xlsx(row(number("4111111111111110")))).codes == {"long_numbers"}


def test_the_first_visible_sheet_with_content_is_read_and_any_other_on_request(converted):
    file = xlsx("", sheets=(("Hidden", "hidden", row(number("1"))), ("Full", "visible", row(number("2")))))
    assert converted(file).cells == [["2"]]
    assert converted(file, "Hidden").cells == [["1"]]
    shown = [(table.name, table.is_hidden, table.first_rows) for table in tables_of(file, "xlsx")]
    assert shown == [("Sheet1", False, []), ("Hidden", True, [["1"]]), ("Full", False, [["2"]])]
    with pytest.raises(RefusedFileError, match="Sheet1, Hidden, Full"):
        converted(file, "Nowhere")


def test_prefixes_of_elements_do_not_matter(converted):
    file = xlsx(row(number("1")))
    rows = '<x:sheetData><x:row r="1"><x:c><x:v>9</x:v></x:c></x:row></x:sheetData>'
    part = f'<x:worksheet xmlns:x="{MAIN}">{rows}</x:worksheet>'
    assert converted(replaced(file, "xl/worksheets/sheet0.xml", part)).cells == [["9"]]


def test_a_cell_that_is_too_long_is_cut_to_one_character_more_than_allowed(converted):
    text = f'<c t="inlineStr"><is><t>{"x" * 50}</t></is></c>'
    found = converted(xlsx(row(text)), max_cell_chars=10)
    assert found.cells == [["x" * 11]]
    assert found.codes == {"cut_cells"}


def test_a_row_that_is_too_long_fails(converted):
    text = f'<c t="inlineStr"><is><t>{"x" * 50}</t></is></c>'
    found = converted(xlsx(row(text, text, text)), max_record_bytes=100)
    assert [line.problem for line in found.lines] == ["record_too_long"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ('<row r="1048577"><c><v>1</v></c></row>', "1,048,576 rows"),
        ('<row><c r="XFE1"><v>1</v></c></row>', "16,384 columns"),
        ('<row><c r="1"><v>1</v></c></row>', "no place"),
        ('<row><c t="s"><v>7</v></c></row>', "text that is not there"),
        ("<row><c>", "XML"),
    ],
)
def test_a_damaged_sheet_is_refused(converted, rows, words):
    with pytest.raises(RefusedFileError, match=words) as refused:
        converted(xlsx(rows))
    assert refused.value.code == "damaged_workbook"


def test_entities_cannot_grow(converted):
    laughs = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'
    with pytest.raises(RefusedFileError, match="document type"):
        converted(replaced(xlsx(), "xl/worksheets/sheet0.xml", laughs))


def test_a_tag_of_many_megabytes_is_refused(converted):
    huge = f'<worksheet a="{"x" * 12_000_000}"/>'
    with pytest.raises(RefusedFileError, match="tag is longer"):
        converted(replaced(xlsx(), "xl/worksheets/sheet0.xml", huge))


def test_a_binary_workbook_is_named(converted):
    related = '<Relationship Id="a" Type="http://x/officeDocument" Target="xl/workbook.bin"/>'
    relations = f"<Relationships>{related}</Relationships>"
    with pytest.raises(RefusedFileError) as refused:
        converted(zipped({"xl/workbook.bin": b"\0", "_rels/.rels": relations}))
    assert refused.value.code == "xlsb"


def replaced(file, name, content):
    with zipfile.ZipFile(file) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    return zipped({**members, name: content})
