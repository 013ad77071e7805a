"""`flask users`: who may come in, and how."""

from __future__ import annotations

import sys

import click

from importer.cli.refusals import command, refuse
from importer.control import accounts, links, tokens
from importer.models import Purpose, Role, Scope
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


@group.command("enable")
@click.argument("email")
@command
def enable(email: str) -> None:
    """Let a disabled user in again; their tokens stay revoked."""
    user = accounts.find_user(db.session(), email)
    accounts.enable(db.session(), user)
    click.echo(f"Enabled {user.email}.")


@group.command("set-role")
@click.argument("email")
@click.argument("role", type=click.Choice([str(role) for role in Role]))
@command
def set_role(email: str, role: str) -> None:
    """Make a user an admin or an operator."""
    user = accounts.find_user(db.session(), email)
    accounts.change_role(db.session(), user, Role(role))
    click.echo(f"{user.email} is {user.role} now.")


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
@click.option(
    "--scope",
    type=click.Choice([str(scope) for scope in Scope]),
    default=str(Scope.WRITE),
    help="read: it can change nothing. Default: write.",
)
@click.option("--expires-days", type=int, help="After so many days it is refused. Default: never.")
@click.option("--revoke", is_flag=True, help="Refuse the user's tokens of that name from now on.")
@command
def token(email: str, name: str, scope: str, expires_days: int | None, revoke: bool) -> None:
    """Make an API token and print it, this once; or revoke it."""
    user = accounts.find_user(db.session(), email)
    if not revoke:
        made = tokens.create_token(db.session(), user, name, scope=Scope(scope), expires_days=expires_days)
        click.echo(made)
    elif not tokens.revoke_tokens(db.session(), user, name):
        refuse(f"{user.email} has no token named {name!r} that is still valid.")
    else:
        click.echo(f"Revoked {name!r} of {user.email}.")


@group.command("login-link")
@click.argument("email")
@command
def login_link(email: str) -> None:
    """Print an address that logs the user in once, within 15 minutes."""
    _print_link(email, Purpose.LOGIN, "login-link")


@group.command("password-link")
@click.argument("email")
@command
def password_link(email: str) -> None:
    """Print an address where the user sets a password, once, within 7 days."""
    _print_link(email, Purpose.PASSWORD, "password-link")


def _print_link(email: str, purpose: Purpose, place: str) -> None:
    secret = links.make_link(db.session(), accounts.find_user(db.session(), email), purpose)
    click.echo(f"{services().settings.base_url}/{place}/{secret}")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    entered: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return entered
