"""Ends a command that cannot do what it is asked, with one line on stderr and status 1."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NoReturn

import click
from flask.cli import with_appcontext
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from importer.errors import ImporterError
from importer.health.causes import cause_of, in_words


def command(function: Callable[..., Any]) -> Callable[..., Any]:
    """Run the function within the application, and turn expected errors into one line."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except ImporterError as error:
            refuse(error.message)
        except (RedisError, SQLAlchemyError) as error:
            if cause_of(error) is None:
                raise
            refuse(in_words(error))

    return with_appcontext(run)


def refuse(message: str) -> NoReturn:
    """End the process with status 1, saying why."""
    click.echo(message, err=True)
    raise SystemExit(1)
