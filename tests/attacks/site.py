"""The product to be attacked: its web process on embedded servers, as the Procfile starts it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from embedded import leftovers
from embedded.application import Application
from embedded.servers import EmbeddedServers
from embedded.visitor import Visitor

CHECKOUT = Path(__file__).parents[2]
EMAIL = "ann@example.com"
ONLY_WEB = {"web": 1}


@dataclass
class Site:
    """The running product, and somebody who has an account there.

    Attributes:
        log: the file that its processes write to.
        token: of the API.
    """

    application: Application
    log: Path
    visitor: Visitor
    token: str

    @property
    def port(self) -> int:
        return self.application.port


@contextmanager
def running(processes: Mapping[str, int] = ONLY_WEB, **settings: str) -> Iterator[Site]:
    """Start embedded servers and, on them, so many processes of each kind."""
    with servers_in_a_folder() as (servers, folder), started(servers, folder, processes, **settings) as site:
        yield site


@contextmanager
def servers_in_a_folder() -> Iterator[tuple[EmbeddedServers, Path]]:
    """Embedded servers, and a folder that is removed with them."""
    folder = Path(tempfile.mkdtemp(prefix="bulk-importer-attack-"))
    folder.chmod(0o755)
    try:
        with EmbeddedServers(folder / "servers") as servers:
            yield servers, folder
            servers.postgres.remove()
    finally:
        shutil.rmtree(folder)


@contextmanager
def started(
    servers: EmbeddedServers, folder: Path, processes: Mapping[str, int] = ONLY_WEB, **settings: str
) -> Iterator[Site]:
    """Start the product on servers that run."""
    with servers.postgres.passing_database() as url:
        settings = {
            **servers.environment(),
            "DATABASE_URL": url,
            "SECRET_KEY": "of attacks and nothing else",
            **settings,
        }
        log = folder / "processes.log"
        application = Application(CHECKOUT, log, settings, processes)
        with leftovers.guard(application.mark), ExitStack() as stack:
            stack.callback(application.stop)
            application.migrate()
            application.make_admin(EMAIL)
            application.start()
            visitor = Visitor(application.base_url)
            visitor.open(application.login_link(EMAIL))
            token = application.flask("users", "token", EMAIL, "--name", "attack").strip()
            yield Site(application, log, visitor, token)
