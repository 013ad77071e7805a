"""Megabytes without a row hold up nobody."""

from tests.attacks import newlines
from tests.attacks.site import started


def test_a_file_without_rows_holds_up_neither_another_file_nor_its_pause_nor_a_stop(servers, open_folder, capsys):
    folder = open_folder / "newlines"
    folder.mkdir(mode=0o755)
    with started(servers, folder, {"web": 1, "dispatcher": 1, "worker": 1}) as site:
        took = newlines.attack(site, folder, megabytes=30)
    assert newlines.broken_bars(took) == [], capsys.readouterr().out
