"""Ends a command that cannot do what it is asked, with one line on stderr and status 1."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click
from flask.cli import with_appcontext
from redis.exceptions import RedisError
from sqlalchemy.exc import InterfaceError, OperationalError, ProgrammingError

from importer.errors import ImporterError

NO_DATABASE = "The database does not answer, or lacks its tables (`flask db upgrade`): {error}"
NO_REDIS = "Redis does not answer: {error}"


def command(function: Callable[..., Any]) -> Callable[..., Any]:
    """Run the function within the application, and turn expected errors into one line."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except ImporterError as error:
            refuse(error.message)
        except (OperationalError, InterfaceError, ProgrammingError) as error:
            refuse(NO_DATABASE.format(error=_first_line(error.orig or error)))
        except RedisError as error:
            refuse(NO_REDIS.format(error=_first_line(error)))

    return with_appcontext(run)


def refuse(message: str) -> None:
    """End the process with status 1, saying why."""
    click.echo(message, err=True)
    raise SystemExit(1)


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
