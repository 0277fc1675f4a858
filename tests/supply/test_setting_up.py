"""The Makefile on a machine that lacks something: one clear line, and nothing half made."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.supply.sbom import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
WITHOUT_VENV = '#!/bin/sh\ncase "$2" in *venv*) echo "No module named venv" >&2; exit 1;; esac\n'


def make_demo(folder: Path, programs: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `make demo` in a folder that has the Makefile only, with no more programs than these on the PATH."""
    (folder / "bin").mkdir()
    for name in ("sh", "sed", "tail", "touch", "rm"):
        (folder / "bin" / name).symlink_to(str(shutil.which(name)))
    for name, text in programs.items():
        (folder / "bin" / name).write_text(text)
        (folder / "bin" / name).chmod(0o755)
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return subprocess.run(
        [str(shutil.which("make")), "demo"],
        cwd=folder,
        env={"PATH": str(folder / "bin")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("programs", [{}, {"python3": WITHOUT_VENV}], ids=["no python", "no venv"])
def test_without_a_python_that_will_do(tmp_path: Path, programs: dict[str, str]) -> None:
    done = make_demo(tmp_path, programs)
    assert done.returncode
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "Python 3.11 or newer with its venv module is needed" in line
    assert not (tmp_path / ".venv").exists()


def test_without_a_network(tmp_path: Path) -> None:
    pip = "#!/bin/sh\necho 'WARNING: Retrying' >&2\necho 'ERROR: No matching distribution found for x==1' >&2\nexit 1\n"
    making = f"case \"$2\" in venv) mkdir -p $3/bin; touch $3/pyvenv.cfg; cat >$3/bin/python <<'END'\n{pip}END\n"
    for name in ("mkdir", "cat", "chmod"):
        making = making.replace(f"{name} ", f"{shutil.which(name)} ")
    done = make_demo(tmp_path, {"python3": f"#!/bin/sh\n{making}{shutil.which('chmod')} +x $3/bin/python;; esac\n"})
    assert done.returncode
    line, *rest = done.stderr.splitlines()
    assert line.startswith("Error: the packages of requirements.lock could not be installed: ERROR: No matching")
    assert "without a network" in line
    assert len(rest) == 1  # make's own
    assert not (tmp_path / ".venv" / ".runtime-ready").exists()
