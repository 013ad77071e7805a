"""What a row becomes: one module for each kind of record, and the registry that finds them by name.

A record type of your own is a subclass of `RecordType` in any importable module, named in the setting
`RECORD_TYPES`.
"""

from importer.record_types.base import RecordType, RowSaver, RowSchema
from importer.record_types.effects import Effect, Effects, Met
from importer.record_types.registry import RecordTypes
from importer.record_types.rows import Origin, ValidRow

__all__ = ["Effect", "Effects", "Met", "Origin", "RecordType", "RecordTypes", "RowSaver", "RowSchema", "ValidRow"]
