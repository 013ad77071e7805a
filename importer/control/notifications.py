"""Who is written to about their imports, and when."""

from __future__ import annotations

from sqlalchemy.orm import Session

from importer.errors import OptionsError
from importer.models import Notify, User
from importer.services import Services

CHOICES: dict[Notify, str] = {
    Notify.NEVER: "Never",
    Notify.PROBLEMS: "When rows fail, it stops or pauses by itself, or it waits for answers",
    Notify.ALWAYS: "Always",
}
"""What each choice is called on pages."""

SAVED: dict[Notify, str] = {
    Notify.NEVER: "Saved. You get no mails about your imports.",
    Notify.PROBLEMS: "Saved. You get a mail when rows of an import fail, it stops or pauses by itself, or it waits"
    " for answers after its file was converted.",
    Notify.ALWAYS: "Saved. You get a mail whenever an import of yours ends, pauses by itself, or waits for answers"
    " after its file was converted.",
}


def sends_mails(services: Services) -> bool:
    """Whether there is a mail server at all."""
    return bool(services.settings.smtp_url)


def notify_from_text(text: str | None) -> Notify | None:
    """What a form says; None where it says nothing.

    Raises:
        OptionsError: it is no such choice.
    """
    if not text:
        return None
    try:
        return Notify(text)
    except ValueError as error:
        raise OptionsError(f"notify must be one of: {', '.join(Notify)}.") from error


def choose_mails(session: Session, user: User, notify: Notify) -> None:
    """Let a person be written to about imports that they begin from now on."""
    user.notify = notify
    session.commit()


def wanted_mails(session: Session, services: Services, user_id: int | None, said: Notify | None) -> Notify | None:
    """What an import keeps of it; None where nobody is to be written to.

    Args:
        said: with the upload; None: the person's own choice counts.
    """
    user = session.get(User, user_id) if user_id is not None and sends_mails(services) else None
    if user is None:
        return None
    chosen = Notify(said or user.notify)
    return None if chosen is Notify.NEVER else chosen
