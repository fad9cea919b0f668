"""How much one file may hold, and what is said of one that holds more."""

from __future__ import annotations

MEGABYTE = 1024 * 1024
MOST_BYTES = 20 * MEGABYTE
MOST_ROWS = 50_000
MOST_COLUMNS = 60
# What a cell of a spreadsheet can hold.
MOST_CHARACTERS = 32_767

# Of a workbook, which is a compressed archive: a small file can unpack to anything.
MOST_MEMBERS = 100
MOST_UNPACKED = 150 * MEGABYTE
MOST_OTHER_MEMBER = 2 * MEGABYTE
MOST_STRINGS = MOST_ROWS * 20
MOST_SHEETS = 20

# A file so small is worked through while its sender waits.
SMALL_ROWS = 500
SMALL_BYTES = 512 * 1024
SMALL_UNPACKED = MEGABYTE


class Unreadable(ValueError):
    """A file that is not read, with what is wrong and how to mend it."""


def too_many_rows() -> Unreadable:
    return Unreadable(
        f"This file has more than {MOST_ROWS:,} rows. Split it into files of at most "
        f"{MOST_ROWS:,} rows."
    )


def check_size(size: int) -> None:
    """Refuse a file for its size alone. Raises Unreadable."""
    if size > MOST_BYTES:
        raise Unreadable(
            f"This file has {size / MEGABYTE:,.1f} MB; at most "
            f"{MOST_BYTES // MEGABYTE} MB are read. Split it into smaller files."
        )
    if not size:
        raise Unreadable("This file is empty. Choose one with a heading row.")
