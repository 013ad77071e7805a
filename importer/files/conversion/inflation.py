"""Unpacking within bounds: every byte counts as it comes, for the sizes that archives declare may be wrong."""

from __future__ import annotations

import io
from typing import BinaryIO

from importer.files.conversion.lines import ConversionLimits
from importer.files.refusals import refusal


class Budget:
    """How much may still be unpacked of one file.

    Args:
        packed_bytes: size of the file as it was uploaded.
    """

    def __init__(self, packed_bytes: int, limits: ConversionLimits) -> None:
        self._left = limits.max_unpacked_bytes
        self._most = limits.max_unpacked_bytes
        self._until_bomb = max(limits.free_bytes, packed_bytes * limits.max_ratio)
        self._ratio = limits.max_ratio

    def foresee(self, count: int) -> None:
        """Refuse at once what would be too much, and count nothing."""
        if count > self._until_bomb:
            raise refusal("bomb", ratio=self._ratio)

    def take(self, count: int) -> None:
        """Count bytes.

        Raises:
            RefusedFileError: there are too many, or far too many for so small a file.
        """
        self._left -= count
        self._until_bomb -= count
        if self._until_bomb < 0:
            raise refusal("bomb", ratio=self._ratio)
        if self._left < 0:
            raise refusal("unpacked_too_large", most=self._most)


class Counted(io.RawIOBase):
    """A stream whose bytes count against a budget; the source stays open."""

    def __init__(self, source: BinaryIO, budget: Budget) -> None:
        self._source = source
        self._budget = budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        data = self._source.read(len(buffer))
        self._budget.take(len(data))
        buffer[: len(data)] = data
        return len(data)
