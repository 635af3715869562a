"""Hold requirements.lock to a database of known vulnerabilities, and never pass off silence as good news.

pip-audit ends with "No known vulnerabilities found" also where it could look up no package at all (an index
without that service, no network). Here that is said, and the exit code is 3: nothing could be done. It is 1
for vulnerabilities, 0 if every package was looked up and none has one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
HOW = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json")
ELSEWHERE = (
    "Run it where the index's own vulnerability service or OSV can be reached: "
    "`pip-audit -r requirements.lock --require-hashes --disable-pip` "
    "(with `-s osv` for OSV); it reads only the lock"
)


def verdict(output: str, errors: str) -> tuple[str, int]:
    """What pip-audit's JSON comes to, as text and exit code; `errors` where it gave none."""
    try:
        asked: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (errors.strip().splitlines() or ["it does not say why"])[-1]
        return f"pip-audit could not ask for vulnerabilities ({last:.200}). {ELSEWHERE}.", 3
    found = [one for one in asked if one.get("vulns")]
    if found:
        listed = "\n".join(
            f"  {one['name']} {one['version']}: {vuln['id']}, "
            f"mended in {', '.join(vuln.get('fix_versions') or ['no version yet'])}"
            for one in found
            for vuln in one["vulns"]
        )
        return f"pip-audit: {len(found)} packages have known vulnerabilities:\n{listed}", 1
    unknown = [one for one in asked if "skip_reason" in one]
    if unknown or not asked:
        return (
            f"pip-audit: {len(unknown)} of {len(asked)} packages could not be looked up here, so "
            f"nothing is known about them. {ELSEWHERE}.",
            3,
        )
    return f"pip-audit: no known vulnerability in the {len(asked)} packages of the lock.", 0


def main() -> None:
    done = subprocess.run(  # noqa: S603
        [str(Path(sys.executable).with_name("pip-audit")), "-r", str(LOCK), *HOW],
        capture_output=True,
        text=True,
        check=False,
    )
    told, code = verdict(done.stdout, done.stderr)
    print(told)
    sys.exit(code)


if __name__ == "__main__":
    main()
