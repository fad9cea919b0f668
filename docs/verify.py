#!/usr/bin/env python3
"""Check the tracker's history without trusting the tracker: standard library alone.

Usage: python3 verify.py FILE...
Each FILE is a saved answer of /api/v1/history/ (all pages, in order), or the file
history.jsonl of a data release. Prints what is wrong, or the number and digest of the
last entry, to compare with a checkpoint that you saved earlier. Exit 0: the chain is
whole; 2: it is not.
"""

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
    if entry["reason_salt"]:
        reason = unicodedata.normalize("NFC", entry["reason"]).encode()
        salt = entry["reason_salt"].encode()
        leaf = sha256(b"tracker.leaf.v1", salt, b"reason", reason)
        if leaf != entry["leaves"].get("reason"):
            yield "its reason was altered"


def read(path):
    with open(path, encoding="utf-8") as file:
        if path.endswith(".jsonl"):
            return [json.loads(line) for line in file]
        return json.load(file)["results"]


def main(paths):
    previous, expected, findings = "0" * 64, 1, 0
    for path in paths:
        for entry in read(path):
            wrong = list(wrong_with(entry, previous))
            if entry["seq"] != expected:
                wrong.append(f"entry {expected} is missing")
            for what in wrong:
                print(f"entry {entry['seq']}: {what}")
            findings += len(wrong)
            previous, expected = entry["digest"], entry["seq"] + 1
    print(f"{expected - 1} entries, last digest {previous}, {findings} findings")
    return 2 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
