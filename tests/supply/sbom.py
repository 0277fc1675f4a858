"""The software bill of materials of a release: what `requirements.lock` installs, as CycloneDX 1.5 JSON.

`python -m tests.supply.sbom > sbom.json`. Made from the lock file alone, so that the same commit gives the same bytes.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]


class Locked(NamedTuple):
    """A package of the lock file, and the SHA-256 of the files that may be installed for it."""

    name: str
    version: str
    hashes: list[str]


def locked(text: str) -> list[Locked]:
    """The packages of a lock file, in its order."""
    found = []
    for part in re.split(r"\n(?=[A-Za-z0-9])", text):
        head = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", part)
        if head:
            found.append(Locked(head[1].lower(), head[2], re.findall(r"--hash=sha256:([0-9a-f]{64})", part)))
    return found


def sbom(text: str, version: str) -> dict[str, Any]:
    """The bill for a lock file's text and the program's version."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "kubectl-rollouts",
                "version": version,
                "purl": f"pkg:pypi/kubectl-rollouts@{version}",
            }
        },
        "components": [
            {
                "type": "library",
                "name": package.name,
                "version": package.version,
                "purl": f"pkg:pypi/{package.name}@{package.version}",
                # Of several files (one for each platform) each hash stands for itself.
                "externalReferences": [
                    {
                        "type": "distribution",
                        "url": f"https://pypi.org/project/{package.name}/{package.version}/",
                        "hashes": [{"alg": "SHA-256", "content": content}],
                    }
                    for content in package.hashes
                ],
            }
            for package in locked(text)
        ],
    }


if __name__ == "__main__":
    from kubectl_rollouts import __version__

    json.dump(sbom((ROOT / "requirements.lock").read_text(), __version__), sys.stdout, indent=1)
    print()
