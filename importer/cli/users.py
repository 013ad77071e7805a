"""`flask users`: who may come in, and how."""

from __future__ import annotations

import sys

import click

from importer.cli.refusals import command, refuse
from importer.control import accounts
from importer.models import Role
from importer.web.extensions import db, services

password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)


@click.group("users")
def group() -> None:
    """People who may log in, and their tokens."""


@group.command("create")
@click.argument("email")
@click.option("--role", type=click.Choice([str(role) for role in Role]), required=True)
@password_option
@command
def create(email: str, role: str, password_stdin: bool) -> None:
    """Add a user. An operator sees their own imports, an admin all."""
    user = accounts.create_user(db.session(), email=email, role=Role(role), password=_password(password_stdin))
    click.echo(f"Created {user.role} {user.email}.")


@group.command("list")
@command
def list_() -> None:
    """List all users."""
    for user in accounts.all_users(db.session()):
        click.echo(f"{user.email}\t{user.role}\t{'disabled' if user.disabled_at else 'active'}")


@group.command("disable")
@click.argument("email")
@command
def disable(email: str) -> None:
    """Shut a user out at once: sessions end, tokens are refused."""
    user = accounts.find_user(db.session(), email)
    accounts.disable(db.session(), user)
    click.echo(f"Disabled {user.email}.")


@group.command("set-password")
@click.argument("email")
@password_option
@command
def set_password(email: str, password_stdin: bool) -> None:
    """Give a user a new password; every session of theirs ends."""
    user = accounts.find_user(db.session(), email)
    accounts.set_password(db.session(), user, _password(password_stdin))
    click.echo(f"Changed the password of {user.email}.")


@group.command("token")
@click.argument("email")
@click.option("--name", required=True, help="What the token is for.")
@click.option("--revoke", is_flag=True, help="Refuse the user's tokens of that name from now on.")
@command
def token(email: str, name: str, revoke: bool) -> None:
    """Make an API token and print it, this once; or revoke it."""
    user = accounts.find_user(db.session(), email)
    if not revoke:
        click.echo(accounts.create_token(db.session(), user, name))
    elif not accounts.revoke_tokens(db.session(), user, name):
        refuse(f"{user.email} has no token named {name!r} that is still valid.")
    else:
        click.echo(f"Revoked {name!r} of {user.email}.")


@group.command("login-link")
@click.argument("email")
@command
def login_link(email: str) -> None:
    """Print an address that logs the user in once, within 15 minutes."""
    secret = accounts.make_login_link(db.session(), accounts.find_user(db.session(), email))
    click.echo(f"{services().settings.base_url}/login-link/{secret}")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    entered: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return entered
