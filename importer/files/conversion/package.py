"""The parts of a workbook, which is a ZIP archive."""

from __future__ import annotations

import io
import zipfile
from typing import BinaryIO, cast

from importer.files.conversion.inflation import Budget, Counted
from importer.files.conversion.xml_parts import damaged
from importer.files.refusals import refusal

ENCRYPTED = 1
"""Flag of a member (APPNOTE.TXT of PKWARE, 4.4.4)."""

MAX_MEMBERS = 10_000


class Package:
    """An archive whose members are unpacked within a budget.

    A member yields no more bytes than it declares. So a bomb that declares its size is refused before it is
    unpacked, and one that does not is cut off, and damaged.

    Args:
        file: seekable; it stays open.
    """

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        self._archive = zipfile.ZipFile(file)
        self._budget = budget
        members = self._archive.infolist()
        if len(members) > MAX_MEMBERS:
            raise refusal("too_many_members", most=MAX_MEMBERS)
        budget.foresee(sum(member.file_size for member in members))
        self.members = {_plain(member.filename): member for member in members}
        self._by_folded = {name.casefold(): name for name in self.members}

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._by_folded

    def open(self, name: str) -> BinaryIO:
        """A member's bytes.

        Raises:
            RefusedFileError: there is no such member, or it is encrypted, or packed in a way that is not read.
        """
        found = self._by_folded.get(name.casefold())
        if found is None:
            raise damaged(f"{name} is missing")
        member = self.members[found]
        if member.flag_bits & ENCRYPTED:
            raise refusal("encrypted")
        try:
            stream = self._archive.open(member)
        except NotImplementedError as error:
            raise refusal("unknown_packing") from error
        return io.BufferedReader(Counted(cast(BinaryIO, stream), self._budget), 256 * 1024)


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/")
