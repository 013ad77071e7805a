"""Why a file is refused as a whole, and what to do about it."""

from __future__ import annotations

from importer.errors import RefusedFileError

REFUSALS: dict[str, str] = {
    "empty": "The file is empty, or has only blank lines where its header should be. Upload a CSV file with a"
    " header and at least one row.",
    "no_rows": "The file has a header and no rows. Upload a file with at least one row below the header.",
    "archive": "The file is a compressed archive. Unpack it, and upload the CSV file that is in it.",
    "damaged": "The file is compressed, and damaged or cut off. Get it again from where it comes from.",
    "unpacked_too_large": "Unpacked, the file is larger than {most:,} bytes. Divide it.",
    "numbers": "The file is a sheet of Apple Numbers. Export it there as CSV (File, Export To, CSV, encoding"
    " UTF-8), and upload that file.",
    "pdf": "The file is a PDF. Upload the table itself, saved as “CSV UTF-8”.",
    "no_text": "The file is a picture, a program or a database, and no table that can be read here. Save the table"
    " as “CSV UTF-8”, and upload that file.",
    "sql": "The file is SQL, such as a dump of a database. Export the table as CSV, and upload that file.",
    "vcard": "The file holds contacts as vCards. Open it in an address book, export them there as CSV, and upload"
    " that file.",
    "calendar": "The file is a calendar (iCalendar), and no table. Export what is in it as CSV, and upload"
    " that file.",
    "xml": "The file is XML. Export the table as an Excel workbook or as CSV, and upload that file.",
    "rtf": "The file is a text document (RTF). Save its table as CSV, and upload that file.",
    "old_exchange": "The file is a sheet in an old format of exchange (SYLK or DIF). Open it in a spreadsheet,"
    " save it as “CSV UTF-8”, and upload that file.",
    "mail": "The file is an e-mail or an archived web page. Upload the table that is in it as a file of its own.",
    "ldif": "The file is an export of a directory (LDIF). Export it as CSV, and upload that file.",
    "yaml": "The file is YAML. Export the table as CSV or as JSON, and upload that file.",
    "json_lists": "The file holds lists in JSON, whose values have no names. Export it as CSV, or as JSON objects"
    " with names and values.",
    "binary": "The file is not text: line {line} contains NUL characters. Save the table as “CSV UTF-8”.",
    "not_utf8": "The header (line {line}) is not UTF-8. Save the file as “CSV UTF-8”.",
    "carriage_returns": "The file's lines end as those of old Macs do, in a carriage return alone. Save it with"
    " Windows (CRLF) or Unix (LF) line ends.",
    "header_too_long": "The header (line {line}) is too long. Look whether the file is a CSV file with a line end"
    " after its header. {problem}",
    "too_many_columns": "The table (row {line:,}) has {columns:,} columns; {most:,} are read at most. Look"
    " whether each row ends with its line, or leave out columns that are not needed.",
    "malformed_header": "The header (line {line}) cannot be read. {problem} Then upload the file again.",
    "no_known_column": "The header (line {line}) names no known column. The columns known here: {known}. The file"
    " has: {found}. Choose another record type, or give the file a header.",
    "names_in_one_cell": "The header (line {line}) holds several names in one cell: {found}. Divide the cells, in"
    " a spreadsheet by Data, Text to Columns, or export the file anew. Then upload it again.",
    "fixed_width": "The columns of the file stand one below the other, with blanks between them (fixed width)."
    " Open it in a spreadsheet by Data, From Text, fixed width, save it as “CSV UTF-8”, and upload that file.",
    "uneven_header": "The header (line {line}) has {names:,} cells, and the rows below it have {cells:,}, so which"
    " name belongs to which cell cannot be told. Give each column one name, also one of row numbers, and put"
    " quotes around cells that contain what stands between cells.",
    "long_delimiter": "Several signs stand between the cells of the file ({found}). Export it with one, such as a"
    " comma or a tab, and upload it again.",
    "missing_column": "The header (line {line}) lacks the required {missing}. The file has: {found}. Add what is"
    " missing, or rename the column that holds it.",
}
"""Every reason: its code, and what to tell the person who uploaded the file."""

CONVERSION_REFUSALS: dict[str, str] = {
    "bomb": "The file unpacks to more than {ratio:,} times its own size, as files do that are made to fill a disk."
    " If it is sound, unpack it, save the table as “CSV UTF-8”, and upload that file.",
    "damaged_workbook": "The workbook is damaged: {part}. Open it in a spreadsheet, save it again, and upload that"
    " file.",
    "encrypted": "The file is protected by a password. Save it without one, and upload that file.",
    "xlsb": "The file is an Excel binary workbook (XLSB). Save it as “Excel workbook (.xlsx)”, and upload that"
    " file.",
    "unknown_packing": "The archive is packed in a way that is not read here. Unpack it, and upload the table in"
    " it.",
    "too_many_members": "The archive has more than {most:,} files. Unpack it, and upload the one with the table.",
    "too_many_texts": "The workbook has more than {most:,} different texts. Save the sheet as “CSV UTF-8”, and"
    " upload that file.",
    "no_table": "The file holds no table: {found}. Upload a file with a header and at least one row below it.",
    "unknown_table": "The file has no sheet or member {table}. It has: {found}. Choose one of them.",
    "nested_archive": "The archive holds another archive. Unpack it, and upload the one with the table.",
    "office_document": "The file is an Office document without a sheet. Save its table as an Excel workbook or as"
    " CSV, and upload that file.",
    "excel_xml": "The file is a workbook in Excel's XML format of 2003. Open it, save it as “Excel workbook"
    " (.xlsx)”, and upload that file.",
    "damaged_json": "The JSON cannot be read from line {line:,} on: {problem}. Each element of the list must be an"
    " object with names and values.",
    "damaged_html": "The page cannot be read: a tag is longer than {most:,} characters. Open it in a spreadsheet,"
    " save it as “CSV UTF-8”, and upload that file.",
}
"""The same for files that are converted before their rows are read."""


def refusal(code: str, **facts: object) -> RefusedFileError:
    """The error with this code, whose message names these facts."""
    message = REFUSALS.get(code) or CONVERSION_REFUSALS[code]
    return RefusedFileError(code, message.format(**facts))
