"""Measure the tracker beside others, in one run: ``make bench ARGS="PARTS OPTIONS"``.

Parts: answers (to readers, all servers interleaved), links (link checks), following
(mails to 10,000 followers), scans (flags and counts over a million); all of them unless
named. Records are made once for a size and kept in var/bench.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from bench import answers, bulk, following, links, record, scans

RECORDS = {"sqlite": record.sqlite, "postgresql": record.postgresql}


def is_wanted(what: str, options: argparse.Namespace) -> bool:
    return not options.only or any(name in what for name in options.only)


def run_answers(options: argparse.Namespace) -> dict:
    """Measure answers on each database and size asked for."""
    told = {}
    for commitments in options.commitments:
        for database in options.databases:
            print(f"\n{commitments} commitments on {database}", flush=True)
            with (
                RECORDS[database](commitments) as pid,
                answers.servers(pid) as found,
            ):
                rows = [
                    row
                    for row in answers.rows(found, commitments)
                    if is_wanted(row.what, options)
                ]
                results = answers.measure(
                    found, rows, rounds=options.rounds, seconds=options.seconds
                )
                name = f"{database} {commitments}"
                told[name] = answers.shown(results)
                if is_wanted("export", options):
                    told[f"{name}, export"] = bulk.export(found)
                if is_wanted("publishing", options):
                    told[f"{name}, publishing"] = bulk.publishing(
                        found, rounds=options.rounds, seconds=options.seconds
                    )
    return told


def run_links(options: argparse.Namespace) -> dict:
    return {"failed": links.main()}


def run_following(options: argparse.Namespace) -> dict:
    return {"steps": following.main()}


def run_scans(options: argparse.Namespace) -> dict:
    """Measure the scans, each database in a process of its own, as Django has one."""
    told = {}
    for database in options.databases:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            told[database] = process.submit(scans.measure, database).result()
    return told


PARTS = {
    "answers": run_answers,
    "links": run_links,
    "following": run_following,
    "scans": run_scans,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--commitments", type=int, nargs="+", default=[10_000])
    parser.add_argument(
        "--databases", nargs="+", choices=RECORDS, default=list(RECORDS)
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--only", nargs="+", help="Rows whose name holds one of these.")
    parser.add_argument("--json", type=Path, help="Write the figures there too.")
    options = parser.parse_args()
    # Ended from outside, it still ends the servers that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}; known: {', '.join(PARTS)}")
    told = {part: PARTS[part](options) for part in options.parts or PARTS}
    if options.json:
        options.json.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
