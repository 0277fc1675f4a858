"""What is installed, how it is built and what a forge would run: no more than is said, and always the same."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from tests.supply.sbom import ROOT, locked, sbom

FIVE = ("typer", "kubernetes", "rich", "pyyaml", "msgspec")
BUILDING = ("hatchling", "editables")
LOCK = (ROOT / "requirements.lock").read_text()
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def _needs(name: str) -> set[str]:
    """What a package needs, here or on Windows."""
    try:
        required = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return set()  # one for another platform; it is in the lock file all the same
    windows = {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"}
    return {
        one.name.lower().replace("_", "-")
        for one in map(Requirement, required)
        if one.marker is None or any(one.marker.evaluate({**where, "extra": ""}) for where in ({}, windows))
    }


def brought_by(name: str) -> set[str]:
    """All that installing a package installs, itself included."""
    found, left = set[str](), [name]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += _needs(one)
    return found


def test_nothing_is_installed_beyond_what_the_five_bring() -> None:
    known = set().union(*map(brought_by, (*FIVE, *BUILDING)))
    assert {package.name for package in locked(LOCK)} <= known


def test_the_table_says_which_brings_what() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text()
    table = {
        row[1]: set(row[2].replace("—", "").replace(",", " ").split())
        for row in re.finditer(r"^\| `([a-z]+)` brings \| ([^|]*) \|$", text, re.MULTILINE)
    }
    assert table == {name: brought_by(name) - {name} for name in (*FIVE, *BUILDING)}


def test_everything_is_locked_by_hash() -> None:
    for file in ("requirements.lock", "requirements-dev.lock"):
        packages = locked((ROOT / file).read_text())
        assert len(packages) > 5
        assert [package.name for package in packages if not package.hashes] == []


def test_the_bill_of_materials_is_the_lock_file() -> None:
    bill = sbom(LOCK, "1.2.3")
    assert [(one["name"], one["version"]) for one in bill["components"]] == [
        (package.name, package.version) for package in locked(LOCK)
    ]
    assert bill["metadata"]["component"]["purl"] == "pkg:pypi/kubectl-rollouts@1.2.3"


def _wheel(folder: Path, mask: int) -> tuple[str, str]:
    """Build a wheel of a copy of the project; its name and digest."""
    source, out = folder / "source", folder / "out"
    source.mkdir(parents=True)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, source / name)
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(
        ROOT / "kubectl_rollouts", source / "kubectl_rollouts", ignore=ignored, copy_function=shutil.copyfile
    )
    for path in source.rglob("*"):
        path.chmod((0o777 if path.is_dir() else 0o666) & ~mask)
        os.utime(path, (mask * 1000, mask * 1000))
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1767225600"},
        check=True,
        capture_output=True,
    )
    (wheel,) = out.iterdir()
    return wheel.name, hashlib.sha256(wheel.read_bytes()).hexdigest()


def test_the_wheel_is_reproducible(tmp_path: Path) -> None:
    """Built twice, in other folders, with other times and permissions of files: the same bytes."""
    first = _wheel(tmp_path / "a", 0o022)
    assert first == _wheel(tmp_path / "somewhere else", 0o077)
    assert re.fullmatch(r"kubectl_rollouts-[0-9.a-z]+-py3-none-any\.whl", first[0])


@pytest.mark.parametrize("file", WORKFLOWS, ids=[file.name for file in WORKFLOWS])
def test_workflows_pin_their_actions_and_ask_for_little(file: Path) -> None:
    workflow = yaml.safe_load(file.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    uses = re.findall(r"uses: (\S+)(.*)", file.read_text())
    assert uses
    for action, comment in uses:
        assert re.fullmatch(r"[\w-]+/[\w./-]+@[0-9a-f]{40}", action), f"{action} is not pinned by commit"
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), f"{action}: which version is that?"
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False
            # What somebody else can write must not become a part of a script.
            assert "${{" not in step.get("run", ""), step
