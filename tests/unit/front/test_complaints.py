"""What the log says of connections that were ended."""

import logging
from unittest.mock import Mock

from importer.front import complaints
from importer.front.complaints import Complaints


def test_however_many_connections_are_ended_the_log_gets_a_line_for_each_reason(monkeypatch):
    log = Mock(spec=logging.Logger)
    told = Complaints(log)
    told.tell()
    for number in range(500):
        told.add("header too late", ("192.0.2.7", number))
        told.tell()
    assert log.warning.call_count == 1
    monkeypatch.setattr(complaints, "TELL_SECONDS", 0)
    told.add("body too slow", ("192.0.2.8", 1))
    told.tell()
    told.tell()
    lines = [call.args[0] % call.args[1:] for call in log.warning.call_args_list]
    assert lines == [
        "connections ended: 1, header too late; the last from ('192.0.2.7', 0)",
        "connections ended: 499, header too late; the last from ('192.0.2.7', 499)",
        "connections ended: 1, body too slow; the last from ('192.0.2.8', 1)",
    ]
