"""Look the locked requirements up among known vulnerabilities (`make check`).

Exit 0: looked up, none known; 1: some are, or the list cannot be asked and
AUDIT=required. Where the list cannot be asked it says so, and never that all is well.
"""

import json
import os
import subprocess
import sys

REQUIREMENTS = "requirements/production.txt"


def main() -> int:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip_audit", "--strict", "--progress-spinner=off"),
            *("--disable-pip", "--require-hashes", "--format=json"),
            *("-r", REQUIREMENTS),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = (done.stderr.strip().splitlines() or ["no answer"])[-1][:200]
        print(f"NOT AUDITED: known vulnerabilities could not be asked for ({reason}).")
        return 1 if os.environ.get("AUDIT") == "required" else 0
    bad = {d["name"]: [v["id"] for v in d["vulns"]] for d in found if d.get("vulns")}
    for name, known in bad.items():
        print(f"{name}: {', '.join(known)}")
    print(f"{len(found)} requirements looked up, {len(bad)} with known vulnerabilities")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
