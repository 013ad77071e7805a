"""What the doctor says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Complaint:
    """Something that is wrong.

    Attributes:
        import_id: None where it concerns more than one import.
        message: what is wrong, and where it cannot be repaired here, what to do.
        repair: mends it; None where only a person can.
        is_wrong: False where the doctor cannot know: it could not look, or only a person can say.
    """

    import_id: str | None
    code: str
    message: str
    repair: Callable[[], object] | None = None
    is_wrong: bool = True
