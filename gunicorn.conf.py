"""What gunicorn does besides the Procfile's options: it ends when a setting is wrong."""

import subprocess
import sys
from typing import Any

control_socket_disable = True


def on_starting(server: Any) -> None:
    """Load the application once, here: a worker that ends over a setting would be started again for ever.

    In a process of its own, so that the workers of a reload (SIGHUP) find the code as it is then.
    """
    ended = subprocess.run([sys.executable, "-c", "import wsgi"], check=False)
    if ended.returncode != 0:
        sys.exit(ended.returncode)
