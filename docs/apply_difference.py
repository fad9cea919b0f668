#!/usr/bin/env python3
"""Bring the tables of one data release up to the next: standard library alone.

Usage: python3 apply_difference.py OLD DIFF NEW
OLD is a folder with the *.jsonl of release N-1, DIFF the diff.jsonl of release N. The
tables of release N are written into the folder NEW, byte by byte as they were released.
"""

import json
import re
import sys
from pathlib import Path


def place(values):
    """The natural order of a row's key: numbers by their size."""
    text = " ".join("" if value is None else str(value) for value in values)
    return re.sub("[0-9]+", lambda found: found[0].zfill(10), text) + " " + text


def applied(rows, changes, order):
    """Return the rows of a table, in order, after the changes to it."""
    held = {place([row[name] for name in order]): row for row in rows}
    for change in changes:
        row = change["row"] if change["op"] != "removed" else change["old"]
        at = place([row[name] for name in order])
        if change["op"] == "removed":
            del held[at]
        elif (at in held) != (change["op"] == "changed"):
            sys.exit(f"{change['key']} of {change['table']}: not the release before")
        else:
            held[at] = row
    return [held[at] for at in sorted(held)]


def read(path):
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def main(old, diff, new):
    head, *changes = read(Path(diff))
    Path(new).mkdir(parents=True, exist_ok=True)
    for name, order in head["order"].items():
        mine = [change for change in changes if change["table"] == name]
        rows = applied(read(Path(old) / f"{name}.jsonl"), mine, order)
        text = "".join(
            json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"
            for row in rows
        )
        (Path(new) / f"{name}.jsonl").write_text(text, "utf-8", newline="\n")
    print(f"Release {head['from']} brought up to release {head['to']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
