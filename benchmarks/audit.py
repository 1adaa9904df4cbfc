"""Known weaknesses: of our code by bandit, of what is installed by pip-audit.

    python -m benchmarks.audit [code]

With `code`, bandit alone. pip-audit asks a database on the network. Where that cannot be reached it calls
every package unaudited and still ends with success; here that is said, with the number looked up.
"""

from __future__ import annotations

import json
import subprocess
import sys

PACKAGES = ("index", "rag", "ui", "eval")
PATIENCE = 300  # seconds for the database


def code() -> bool:
    """Print what bandit finds, and how many exceptions are argued in place; True when nothing is left."""
    command = [sys.executable, "-m", "bandit", "-q", "-r", *PACKAGES, "-f", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)
    for found in told["results"]:
        print(f"{found['filename']}:{found['line_number']}: {found['test_id']} {found['issue_text']}")
    totals = told["metrics"]["_totals"]
    excepted = totals["nosec"] + totals["skipped_tests"]
    print(
        f"bandit: {len(told['results'])} findings in {totals['loc']:,} lines, "
        f"{excepted} exceptions argued in place"
    )
    return not told["results"] and not told["errors"]


def packages() -> bool:
    """Print what is known of the installed packages; True unless a weakness is known."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--progress-spinner",
        "off",
        "--timeout",
        "10",
        "-f",
        "json",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
        told = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        print("pip-audit: its database cannot be reached from here; nothing was audited")
        return True
    asked = [package for package in told if "vulns" in package]
    weak = [package for package in asked if package["vulns"]]
    for package in weak:
        for weakness in package["vulns"]:
            fixed = ", ".join(weakness["fix_versions"]) or "not fixed yet"
            print(f"{package['name']} {package['version']}: {weakness['id']} (fixed in {fixed})")
    if not asked:
        print(
            f"pip-audit: its database cannot be reached from here; none of {len(told)} packages was audited"
        )
        return True
    print(
        f"pip-audit: {len(weak)} of {len(asked)} packages have known weaknesses, "
        f"{len(told) - len(asked)} not known"
    )
    return not weak


if __name__ == "__main__":
    sound = [code(), *([packages()] if sys.argv[1:] != ["code"] else [])]
    sys.exit(0 if all(sound) else 1)
