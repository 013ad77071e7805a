"""Answers are bounded in bytes, and so is the memory of the process that makes them."""

from tests.attacks.answers import attack


def test_no_answer_is_large_however_large_the_failed_rows_are(servers, open_folder, capsys):
    folder = open_folder / "answers"
    folder.mkdir(mode=0o755)
    assert attack(servers, folder, kinds=["control"]) == [], capsys.readouterr().out
