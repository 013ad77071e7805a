"""Which host names this application answers to: that of BASE_URL, and those of ALLOWED_HOSTS.

Any other name in a request's Host header, or in the X-Forwarded-Host of a trusted proxy, is somebody else's: an
attacker's, or that of a site which points here by mistake. Flask compares (TRUSTED_HOSTS); how that is answered is
said here. Health answers whichever sound name or address a platform calls it by.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, current_app, request
from flask.globals import request_ctx
from werkzeug.exceptions import BadRequest
from werkzeug.wsgi import get_host

from importer.config import Settings

LOOPBACK = ("127.0.0.1", "localhost")
"""Names of one's own machine: where BASE_URL has one of them, people type the other as well."""

HEALTH = "health"
"""The blueprint that answers to any name."""

UNKNOWN_HOST = (
    "This importer does not answer to the host name {name}. If it should, set BASE_URL to the address that people "
    "use, or name further hosts in ALLOWED_HOSTS."
)


def trusted_hosts(settings: Settings) -> list[str]:
    """The host names that are answered; their ports do not matter."""
    own = urlsplit(settings.base_url).hostname or ""
    return [own, *(LOOPBACK if own in LOOPBACK else ()), *settings.allowed_hosts]


def register(app: Flask) -> None:
    app.before_request(refuse_other_hosts)


def refuse_other_hosts() -> None:
    """Answer 400 where Flask has found the host to be none of ours."""
    if request_ctx.url_adapter is not None:
        return
    # Without an adapter no page can be made: its links are built by one.
    own = {**request.environ, "HTTP_HOST": current_app.config["TRUSTED_HOSTS"][0]}
    request_ctx.url_adapter = current_app.url_map.bind_to_environ(own)
    request.routing_exception = None
    request_ctx.match_request()
    is_well_formed = bool(get_host(request.environ))
    if request.blueprint != HEALTH or not is_well_formed:
        raise BadRequest(UNKNOWN_HOST.format(name=ascii(request.headers.get("Host", ""))[:100]))
