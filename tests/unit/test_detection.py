"""A file is described by a sample of its bytes, and read as somebody would read it who looks at it."""

import io
import itertools
import json
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import polluted
import pytest

from importer.errors import RefusedFileError
from importer.files.detection import describe
from importer.files.dialects import BACKSLASH, Dialect, dialect_of
from importer.files.encodings import encoding_of
from importer.files.inspection import inspect, is_no_row, records_of
from importer.files.questions import Answers
from importer.files.samples import HEAD_BYTES, Sample, take
from importer.files.text_lines import lines_of

FLASK = Path(sys.executable).with_name("flask")
TABLE = polluted.table(seed=5)
POLLUTED = polluted.all_of(TABLE)

TEXTS = {
    "German": ("Name;Ort\nJürgen Groß;Köln\nCafé – Süd;Düsseldorf\n", ["cp1252", "cp850", "mac-roman"]),
    "French": ("nom;ville\nFrançois;Orléans\nHélène;Besançon\nÉric;Nîmes\n", ["cp1252", "mac-roman"]),
    "Swedish": ("namn;ort\nÅsa Öberg;Malmö\nBjörn;Västerås\n", ["cp1252", "mac-roman", "cp850"]),
    "Polish": ("nazwa;miasto\nŁukasz Żółć;Łódź\nMałgorzata;Gdańsk\n", ["cp1250", "iso8859-2", "cp852"]),
    "Czech": ("jméno;město\nJiří Dvořák;Plzeň\nŽaneta Růžičková;Příbram\n", ["cp1250", "iso8859-2", "cp852"]),
    "Hungarian": ("név;város\nÁrpád Kovács;Győr\nErzsébet Szűcs;Pécs\n", ["cp1250", "iso8859-2"]),
    "Turkish": ("ad;şehir\nIşıl Yılmaz;İstanbul\nGökhan Çağlar;Eskişehir\n", ["cp1254"]),
    "Lithuanian": ("vardas;miestas\nJonas Žukauskas;Šiauliai\nRūta Kazlauskaitė;Panevėžys\n", ["cp1257"]),
    "Russian": (
        "имя;город\nИван Петров;Москва\nАнна Смирнова;Новосибирск\n",
        ["cp1251", "koi8-r", "iso8859-5", "cp866"],
    ),
    "Greek": ("όνομα;πόλη\nΓιώργος Παπαδόπουλος;Αθήνα\nΜαρία;Θεσσαλονίκη\n", ["cp1253", "iso8859-7"]),
    "Thai": ("ชื่อ;เมือง\nสมชาย ใจดี;กรุงเทพ\nสมหญิง รักดี;เชียงใหม่\n", ["cp874"]),
    "Italian": ("nome;città\nNiccolò Perù;Forlì\nAldo Carità;Caffè\nUgo Bontà;Più\n", ["cp1252"]),
    "Hebrew": ("שם;עיר\nדוד כהן;תל אביב\nשרה לוי;ירושלים\n", ["cp1255"]),
    "Arabic": ("اسم;مدينة\nمحمد علي;القاهرة\nفاطمة;بغداد\n", ["cp1256"]),
    "Japanese": ("名前,住所\n山田太郎,東京都千代田区\n鈴木花子,ひらがなとカタカナ\n", ["shift_jis", "euc_jp"]),
    "simplified Chinese": ("姓名,城市\n王小明,北京市\n李雷,上海市浦东新区\n", ["gb18030"]),
    "traditional Chinese": ("姓名,城市\n王小明,臺北市\n陳美玲,高雄市\n", ["big5"]),
    "Korean": ("이름,도시\n김철수,서울특별시\n이영희,부산광역시\n", ["euc_kr"]),
}
UNICODE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


def described(content: bytes):
    return describe(take(lambda offset, count: content[offset : offset + count], len(content)))


def read(content: bytes):
    """The records of a file, the header among them if it has one."""
    found = described(content)
    rows = [record.cells for record in records_of(io.BytesIO(content), found) if not is_no_row(record)]
    return [found.header, *rows] if found.profile.header_line else rows


NOT_YET = {
    "other quote, header, all quoted": "names in other quotes than the rows keep them; they are compared without",
}


def marks_of(name):
    reasons = [reason for begin, reason in NOT_YET.items() if name.startswith(begin)]
    return [pytest.mark.xfail(reason=reason, strict=True) for reason in reasons]


@pytest.mark.parametrize(
    "spoilt",
    [pytest.param(spoilt, id=spoilt.name, marks=marks_of(spoilt.name)) for spoilt in POLLUTED],
)
def test_a_file_is_read_as_what_it_was_before_it_was_spoilt(spoilt):
    as_written = [
        [re.sub("[\r\n]+", "\n", cell) for cell in cells] for cells in read(spoilt.content.encode(spoilt.encoding))
    ]
    assert as_written == spoilt.records


@pytest.mark.parametrize(
    ("text", "encoding"),
    [pytest.param(text, name, id=f"{of} in {name}") for of, (text, names) in TEXTS.items() for name in names]
    + [pytest.param(text, name, id=f"{of} in {name}") for of, (text, _) in TEXTS.items() for name in UNICODE],
)
def test_the_words_of_a_text_tell_its_encoding(text, encoding):
    content = text.encode(encoding, "replace")
    found = encoding_of([content])
    assert content[found.mark :].decode(found.name) == text.encode(encoding, "replace").decode(encoding)


WESTERN = {
    "Spanish": "nombre;ciudad\nJosé García López;Málaga\nMaría Muñoz Peña;Córdoba\nÁngel Núñez;León\n"
    "Begoña Ibáñez;A Coruña\nÍñigo Gómez;Cádiz\nMónica Pérez Güell;Cádiz\nÓscar Martín;Alcalá de Henares\n",
    "Portuguese": "nome;cidade\nJoão Gonçalves;São Paulo\nConceição Araújo;Brasília\nInês Simões;Évora\n",
    "Italian": "nome;città\nNiccolò Rossi;Forlì\nGiosuè Bianchi;Cantù\n",
    "Danish": "navn;by\nSøren Kjær;Århus\nBjørn Ørsted;Køge\nÅse Præstø;Ærø\n",
    "Dutch": "naam;stad\nAndré;'s-Gravenhage\nZoë;Hengelo\nRené;Curaçao\n",
    "Finnish": "nimi;kaupunki\nPäivi Mäkinen;Jyväskylä\nYrjö Hämäläinen;Järvenpää\n",
    "Icelandic": "nafn;staður\nÞórður Ægisson;Hafnarfjörður\nGuðrún Ásdís;Ísafjörður\n",
    **{name: TEXTS[name][0] for name in ("German", "French", "Swedish", "Italian")},
}


@pytest.mark.parametrize("text", WESTERN.values(), ids=WESTERN)
def test_of_an_ordinary_file_in_windows_1252_nobody_is_asked(text):
    found = encoding_of([text.encode("cp1252")])
    assert (found.name, found.others) == ("cp1252", ())


def test_where_two_encodings_fit_somebody_is_asked():
    content = "ciudad;nombre\nMálaga;Muñoz\n".encode("cp1252")
    found = encoding_of([content])
    assert "cp1252" in (found.name, *found.others)
    assert found.others
    (question,) = [question for question in described(content).questions if question.id == "encoding"]
    assert question.default == found.name
    assert {choice.value for choice in question.choices} == {found.name, *found.others}


def test_a_file_is_in_one_encoding_even_where_some_of_its_bytes_are_utf_8():
    content = "name\n" + "Jürgen Groß\nCafé\n" * 5
    mixed = content.encode("cp1252") + "Müller\n".encode()
    assert encoding_of([mixed]).name == "cp1252"


STRAY = [b"\xff", b"\xe9", b"\x80 and \x93"]


@pytest.mark.parametrize("stray", STRAY)
@pytest.mark.parametrize("count", [4, 200])
def test_a_file_in_utf_8_with_a_stray_byte_stays_one_and_only_that_row_fails(stray, count):
    content = "email,name\n" + "a@b.de,José Müller\n" * count
    data = content.encode() + b"z@b.de,Z" + stray + b"\n"
    found = described(data)
    assert (found.profile.encoding, found.questions) == ("utf-8", [])
    rows = list(records_of(io.BytesIO(data), found))
    assert {row.cells[1] for row in rows if row.problem is None} == {"José Müller"}
    assert [row.problem.code for row in rows if row.problem] == ["invalid_utf8"]


@pytest.mark.parametrize(
    ("text", "default"),
    [
        ("email,name\na@b.de,José\n".encode() + b"z@b.de,x\xff\n", "utf-8"),
        ("email,name\na@b.de,José\n".encode() + b"z@b.de,Jos\xe9\n", "utf-8"),
        ("email,name\na@b.de,José\n".encode() + "z@b.de,José Müller Groß\n".encode("cp1252"), "cp1252"),
    ],
)
def test_where_letters_in_utf_8_and_other_bytes_are_both_few_somebody_is_asked(text, default):
    (question,) = described(text).questions
    assert (question.id, question.default) == ("encoding", default)
    assert {"utf-8", "cp1252"} <= {choice.value for choice in question.choices}
    for choice in question.choices:
        said = describe(Sample(text, len(text)), answers=Answers({"encoding": choice.value}))
        assert (said.profile.encoding, said.questions) == (choice.value, [])


def test_an_encoding_is_told_by_pieces_of_the_middle_where_the_head_is_ascii():
    content = b"name,city\n" + b"Ann,Rome\n" * 60_000 + "Jürgen,Köln\nZoë,Düren\n".encode("cp1252") * 40_000
    assert described(content).profile.encoding == "cp1252"


def test_the_evidence_is_in_words():
    evidence = described(b"a;b\n" + b"1,5;2,5\n" * 99).evidence
    assert evidence["delimiter"] == ("semicolons: every one of 100 records has 1; commas appear in 99 lines")
    assert evidence["header"] == (
        "the header is on line 1: it has words in 2 of 2 columns where the rows have numbers, dates or addresses"
    )
    assert evidence["encoding"] == "all 796 bytes that were looked at are plain ASCII"


def test_a_total_at_the_end_of_a_large_file_is_asked_about():
    content = b"name,city,sum\n" + b"Ann,Rome,1.5\n" * 60_000 + b"Total,,90000\n"
    (question,) = described(content).questions
    assert question.text == (
        "Near its end the file has “Total 90000”: it begins with “Total” and has 2 values, where most rows have 3."
        " Is that a row?"
    )
    assert described(content).end == len(content) - len(b"Total,,90000\n")


def test_what_is_no_part_of_the_table_is_told_and_not_printed(tmp_path):
    file = tmp_path / "sales.csv"
    file.write_bytes(b"name,city,sum\n" + b"Ann,Rome,1.5\n" * 6 + b"\n(6 rows)\n")
    told = inspect(file, None)
    assert len(told["records"]) == 6
    (question,) = told["questions"]
    assert question["text"] == (
        "Line 9 has “(6 rows)”: it is a remark and no row: “(6 rows)”; it stands below a blank line."
        " Is that a row?"
    )


def test_the_evidence_counts_records_that_do_not_fit():
    evidence = described(b"a,b,c\n" + b"1,2,3\n" * 9 + b"1;2,3\n").evidence
    assert evidence["delimiter"] == "commas: 10 of 11 records have 2; semicolons appear in 1 line"


def test_a_first_record_that_may_be_a_header_or_a_row_is_asked_about():
    (question,) = described(b"Ann,Rome\nBob,Oslo\nZoe,Bonn\n").questions
    assert (question.id, question.default) == ("header", "1")


@pytest.mark.parametrize(
    ("line", "unescaped"),
    [
        (r'"5\" pipe","x"', '"5"" pipe","x"'),
        (r'"Back\slash\"', r'"Back\slash\"'),
        (r'"ends\","x"', r'"ends\","x"'),
        (r'"say \"no\"","x"', '"say ""no""","x"'),
    ],
)
def test_a_backslash_before_a_closing_quote_is_an_ordinary_one(line, unescaped):
    from importer.files.dialects import unescaped as of

    assert of(line, Dialect(escape=BACKSLASH)) == unescaped


@pytest.mark.parametrize("line_end", ["lf", "cr", "mixed"])
def test_lines_do_not_depend_on_where_the_pieces_of_a_text_end(line_end):
    text = "a\r\nb\rc\n\r\r\nd\n\ne\r"
    whole = list(lines_of([text], line_end))
    assert "".join(whole) == text
    for size in (1, 2, 3, 5):
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        assert list(lines_of(pieces, line_end)) == whole


HOSTILE = {
    "quotes": b'"' * 300_000,
    "delimiters": b",;\t|" * 100_000,
    "one endless line": b"a" * 400_000,
    "NULs": bytes(300_000),
    "every byte": bytes(range(256)) * 1500,
    "words without end": b"a b c d e f " * 30_000,
    "quoted lines without end": b'"a,b\n' * 60_000,
    "digits": b"1.1.1.1.1.1." * 30_000,
    "nothing": b"",
    "a line end": b"\n",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_any_bytes_are_described_within_a_second(content):
    began = time.process_time()
    with suppress(RefusedFileError):  # of very many columns
        described(content)
    assert time.process_time() - began < 1.5


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\r\n1,2\n3,4\r5,6\r\n7,8\n",
        b"a,b\n\r1,2\n\r3,4\n\r5,6\n\r7,8\n\r",
    ],
)
def test_where_a_carriage_return_stands_between_sound_records_it_ends_one(content):
    found = described(content)
    assert found.profile.line_end == "mixed"
    assert read(content) == [["a", "b"], ["1", "2"], ["3", "4"], ["5", "6"], ["7", "8"]]


@pytest.mark.parametrize("content", [b'a,b\n1,"2\r3"\n4,5\n6,7\n', b"a,b\n1,2\r3\n4,5\n6,7\n", b"a\n1\r2\n3\n4\n"])
def test_a_carriage_return_within_a_cell_ends_no_record(content):
    assert described(content).profile.line_end == "lf"


def test_of_a_large_file_only_a_few_pieces_are_read():
    content, asked = b"a,b\n" * 10_000_000, []

    def read_some(offset, count):
        asked.append(count)
        return content[offset : offset + count]

    describe(take(read_some, len(content)))
    assert sum(asked) <= HEAD_BYTES + 4 * 32 * 1024


def test_the_command_prints_one_object_a_line_for_each_file(tmp_path):
    (tmp_path / "one.csv").write_bytes(b"Ort;Name\nK\xf6ln;M\xfcller\n")
    (tmp_path / "two.csv").write_bytes(b"a,b\n1,2\n" + b"3,4\n" * 50)
    command = [sys.executable, "-m", "importer.files", "--json", *map(str, sorted(tmp_path.iterdir()))]
    checkout = Path(__file__).parents[2]
    done = subprocess.run(command, capture_output=True, cwd=checkout, env={}, check=True, text=True)
    one, two = map(json.loads, done.stdout.splitlines())
    assert one["records"] == [["Köln", "Müller"]]
    assert one["header"] == ["Ort", "Name"]
    assert (one["profile"]["delimiter"], one["profile"]["encoding"]) == (";", "cp1252")
    assert len(two["records"]) == 20


def test_flask_files_inspect_prints_the_same_and_needs_no_settings(tmp_path):
    file = tmp_path / "one.csv"
    file.write_bytes(b"a;b\n1;2\n")
    checkout = Path(__file__).parents[2]
    programs = ([sys.executable, "-m", "importer.files"], [FLASK, "--app", "wsgi", "files", "inspect"])
    first, second = (
        subprocess.run([*program, "--json", str(file)], capture_output=True, cwd=checkout, env={}, check=True)
        for program in programs
    )
    assert first.stdout == second.stdout
    assert json.loads(second.stdout)["records"] == [["1", "2"]]
    users = [FLASK, "--app", "wsgi", "users", "list"]
    other = subprocess.run(users, capture_output=True, cwd=checkout, env={}, check=False)
    assert other.returncode == 1
    assert b"DATABASE_URL is not set" in other.stderr


def test_all_records_are_printed_where_all_are_asked_for(tmp_path):
    file = tmp_path / "file.csv"
    file.write_bytes(b"a,b\n" + b"3,4\n" * 50)
    assert len(inspect(file, None)["records"]) == 50


def test_of_dialects_that_fit_as_well_the_others_are_told():
    found = dialect_of(["a;b,c", "d;e,f", "g;h,i"])
    assert {found.dialect.delimiter, *(other.delimiter for other in found.others)} >= {";", ","}


def test_letters_name_the_columns_of_a_file_without_a_header():
    content = "\n".join(",".join(map(str, range(number, number + 30))) for number in range(5)).encode()
    header = described(content).header
    assert header[:3] + header[24:28] == ["A", "B", "C", "Y", "Z", "AA", "AB"]
    assert list(itertools.islice(header, 30, None)) == []


@pytest.mark.parametrize(
    "content",
    [b"email;name;phone;;\na@b.de;Ana;1\nc@d.de;Cy;2\n", b"email;name;;phone;\na@b.de;A;;1;X\nc@d.de;C;;2;Y\n"],
    ids=["beyond the rows", "over empty columns"],
)
def test_blank_names_do_not_hide_a_header(content):
    assert described(content).profile.header_line == 1
