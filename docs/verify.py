#!/usr/bin/env python3
"""Check the tracker's history without trusting the tracker: standard library alone.

Usage: python3 verify.py [--against CHECKPOINTS] FILE...
Each FILE is a saved answer of /api/v1/history/ (all pages, in order), of
/api/v1/history/?format=jsonl (all in one, named *.jsonl), or the file history.jsonl of a
data release. CHECKPOINTS is /checkpoints.jsonl as you saved it on an
earlier day: what was taken away at the end, or written anew as a whole, differs from it
alone. Prints what is wrong, and the number and digest of the last entry. Exit 0: the
chain is whole; 2: it is not.
"""

import argparse
import hashlib
import json
import sys
import unicodedata

# Shown by the API beside what is hashed.
NOT_HASHED = {"reason", "reason_salt", "prev_digest", "digest"}


def canonical(value):
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    text = unicodedata.normalize("NFC", text)
    return json.dumps(
        json.loads(text), sort_keys=True, ensure_ascii=True, separators=(",", ":")
    ).encode()


def sha256(*parts):
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def wrong_with(entry, previous):
    content = {k: v for k, v in entry.items() if k not in NOT_HASHED}
    hashed = ["id", "url", "nature", "official"]
    if entry["format"] >= 2:
        hashed.append("copy_sha256")
    content["evidence"] = sorted([e[k] for k in hashed] for e in entry["evidence"])
    content["criteria_met"] = sorted(entry["criteria_met"])
    if entry["prev_digest"] != previous:
        yield "does not follow the entry before it"
    found = sha256(
        b"tracker.history.v1", entry["prev_digest"].encode(), canonical(content)
    )
    if found != entry["digest"]:
        yield "its content does not fit its digest"
    if entry["leaves"].get("reason") is None:
        if entry["reason"]:
            yield "its reason is not in the chain"
    elif entry["reason_salt"] or entry["reason"]:
        reason = unicodedata.normalize("NFC", entry["reason"]).encode()
        salt = entry["reason_salt"].encode()
        leaf = sha256(b"tracker.leaf.v1", salt, b"reason", reason)
        if leaf != entry["leaves"].get("reason"):
            yield "its reason was altered"


def erased(entries):
    """Yield the entries without their reason that no redaction names."""
    redacted = {e["refers_to"] for e in entries if e["kind"] == "redaction"}
    for entry in entries:
        is_empty = not entry["reason"] and not entry["reason_salt"]
        if is_empty and "reason" in entry["leaves"] and entry["seq"] not in redacted:
            yield entry["seq"]


def read(path):
    with open(path, encoding="utf-8") as file:
        if path.endswith(".jsonl"):
            return [json.loads(line) for line in file]
        return json.load(file)["results"]


def changed_since(checkpoints, digests):
    for seq, digest in checkpoints:
        if seq not in digests:
            yield seq, "a checkpoint saw this entry; it is gone"
        elif digests[seq] != digest:
            yield seq, "a checkpoint saw another entry here"


def saved(path):
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file if line.strip()]
    return [(line["seq"], line["digest"]) for line in lines]


def main(arguments):
    parser = argparse.ArgumentParser(description="Check the tracker's history.")
    parser.add_argument("--against", metavar="CHECKPOINTS")
    parser.add_argument("files", nargs="+", metavar="FILE")
    given = parser.parse_args(arguments)
    entries = [entry for path in given.files for entry in read(path)]
    previous, expected, wrong = "0" * 64, 1, []
    for entry in entries:
        seq = entry["seq"]
        wrong += [(seq, what) for what in wrong_with(entry, previous)]
        if seq != expected:
            wrong.append((seq, f"entry {expected} is missing"))
        previous, expected = entry["digest"], seq + 1
    wrong += [(seq, "its reason was erased unrecorded") for seq in erased(entries)]
    digests = {entry["seq"]: entry["digest"] for entry in entries}
    if given.against:
        checkpoints = saved(given.against)
        if not checkpoints:
            parser.error(f"{given.against} holds no checkpoint to compare with.")
        wrong += changed_since(checkpoints, digests)
    for seq, what in wrong:
        print(f"entry {seq}: {what}")
    print(f"{expected - 1} entries, last digest {previous}, {len(wrong)} findings")
    return 2 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
