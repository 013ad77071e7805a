"""Logins at once are all answered, and take a web process no more memory than one does."""

from tests.attacks.logins import attack


def test_eight_logins_at_once_leave_the_web_process_small(servers, open_folder, capsys):
    folder = open_folder / "logins"
    folder.mkdir(mode=0o755)
    assert attack(servers, folder) == [], capsys.readouterr().out
