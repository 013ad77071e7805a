"""The tables: imports with their ledger and failed rows, and the people who may use the product.

The tables of records are defined beside their record types, in `importer.record_types`.
"""

from importer.models.base import Base, ImportedRecord
from importer.models.corrected_files import CorrectedFile
from importer.models.events import Event
from importer.models.imports import Alteration, FailedRow, Import, LedgerLine
from importer.models.layouts import MAX_LAYOUT_NAME, Layout
from importer.models.mails import Mail, Occasion
from importer.models.rates import RatePoint
from importer.models.repairs import Correction, Repair
from importer.models.users import MAX_EMAIL, ApiToken, Notify, OneTimeLink, Purpose, Role, Scope, User
from importer.models.writers import WriterNote

__all__ = [
    "MAX_EMAIL",
    "MAX_LAYOUT_NAME",
    "Alteration",
    "ApiToken",
    "Base",
    "CorrectedFile",
    "Correction",
    "Event",
    "FailedRow",
    "Import",
    "ImportedRecord",
    "Layout",
    "LedgerLine",
    "Mail",
    "Notify",
    "Occasion",
    "OneTimeLink",
    "Purpose",
    "RatePoint",
    "Repair",
    "Role",
    "Scope",
    "User",
    "WriterNote",
]
