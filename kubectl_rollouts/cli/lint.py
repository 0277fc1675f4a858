"""`lint`: what is wrong with the Rollouts of a file (spec/commands.md §8.7, spec/lint.md §1). No cluster is asked."""

from __future__ import annotations

from pathlib import Path

from kubectl_rollouts.cli.app import App
from kubectl_rollouts.cli.session import Session, shown
from kubectl_rollouts.errors import Failure
from kubectl_rollouts.rollout.validation.lint import lint_errors
from kubectl_rollouts.rollout.validation.manifests import read_documents

app = App()


@app.command()
def lint(session: Session, *, filename: str = "") -> None:
    """Print one line for each error, without its field; the first one, with its field, ends the command."""
    errors = lint_errors(read_documents(_read(filename)))
    for error in errors:
        session.say(shown(error.body))
    if errors:
        raise Failure(str(errors[0]))


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except IsADirectoryError:
        raise Failure(f"read {path}: is a directory") from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "invalid argument").lower()
        raise Failure(f"open {path}: {reason}") from None
