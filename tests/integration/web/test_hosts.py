"""The application answers to its own host names and to no other."""

import pytest

from importer.app import create_app
from importer.control import links
from importer.models import Purpose

MALFORMED = [
    "..",
    "",
    "a b",
    "importer.example:port",
    "importer.example:99999",
    "[::1",
    "[::1]",
    "a/b",
    "a@b",
    "ü",
    "\x7f",
]
OTHERS = ["evil.example", "importer.example.evil.example", "10.0.0.7:8000", "localhost", *MALFORMED]


@pytest.fixture
def answering(settings, app):
    """A browser of a stranger at an application with other settings."""

    def make(**values):
        return create_app(settings.model_copy(update={"allowed_hosts": (), **values})).test_client()

    return make


def test_pages_and_api_answer_to_the_host_of_the_base_url_whatever_the_port(answering):
    client = answering()
    for host in ("importer.example", "importer.example:8443"):
        assert client.get("/login", headers={"Host": host}).status_code == 200
        assert client.get("/api/imports", headers={"Host": host}).status_code == 401


def test_any_other_host_gets_an_error_page_that_says_what_to_set_and_no_traceback(answering, caplog):
    client = answering()
    for host in OTHERS:
        for path in ("/login", "/", "/rq/", "/static/style.css", "/nothing"):
            answer = client.get(path, headers={"Host": host})
            assert answer.status_code == 400, host
            page = answer.get_data(as_text=True)
            assert "That did not work" in page
            assert "set BASE_URL to the address that people use, or name further hosts in ALLOWED_HOSTS" in page
    assert not caplog.records


@pytest.mark.parametrize("host", ["evil.example", ".."])
def test_the_api_gets_it_as_json(answering, host):
    for method in ("GET", "POST"):
        answer = answering().open("/api/imports", method=method, headers={"Host": host})
        assert answer.status_code == 400
        assert answer.get_json()["error"]["code"] == "bad_request"
        assert "BASE_URL" in answer.get_json()["error"]["message"]


def test_nobody_is_logged_in_under_another_host(answering, operator, session):
    client = answering()
    link = links.make_link(session, operator, Purpose.LOGIN)
    assert client.get(f"/login-link/{link}", headers={"Host": "evil.example"}).status_code == 400
    assert client.get(f"/login-link/{link}", headers={"Host": "importer.example"}).status_code == 302


def test_health_answers_to_any_host_and_tells_no_secret(answering):
    client = answering()
    for host in ("10.0.0.7", "10.0.0.7:8000", "[fd00::7]:8000", "localhost", "evil.example"):
        assert client.get("/healthz", headers={"Host": host}).get_json() == {"status": "alive"}
        ready = client.get("/readyz", headers={"Host": host})
        assert ready.get_json().keys() == {"status", "parts", "wrong"}
        assert "127.0.0.1" not in ready.text
    assert client.get("/healthz", headers={"Host": "a b"}).status_code == 400


def test_further_hosts_can_be_allowed_with_all_below_them(answering):
    client = answering(allowed_hosts=("old.example", ".names.example"))
    for host in ("old.example", "a.names.example", "names.example"):
        assert client.get("/login", headers={"Host": host}).status_code == 200
    assert client.get("/login", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8000", "http://localhost:5000"])
def test_on_ones_own_machine_both_of_its_names_are_answered_on_any_port(answering, base_url):
    client = answering(base_url=base_url)
    for host in ("127.0.0.1:43123", "localhost:8000", "localhost"):
        assert client.get("/login", headers={"Host": host}).status_code == 200
    assert client.get("/login", headers={"Host": "x.herokuapp.com"}).status_code == 400


@pytest.mark.parametrize(("proxies", "status"), [(0, 200), (1, 400)])
def test_a_host_that_a_trusted_proxy_forwards_is_held_to_the_same_names(answering, proxies, status):
    headers = {"Host": "importer.example", "X-Forwarded-Host": "evil.example"}
    assert answering(trusted_proxies=proxies).get("/login", headers=headers).status_code == status


def test_a_trusted_proxy_may_forward_the_own_name(answering):
    headers = {"Host": "10.0.0.7:8000", "X-Forwarded-Host": "importer.example"}
    assert answering(trusted_proxies=1).get("/login", headers=headers).status_code == 200
