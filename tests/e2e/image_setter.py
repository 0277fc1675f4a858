"""A process that sets an image again and again: `image_setter.py CONTAINER PREFIX COUNT`; prints what succeeded."""

from __future__ import annotations

import contextlib
import io
import sys

from kubectl_rollouts.cli.main import main


def run() -> None:
    container, prefix, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    for number in range(count):
        image = f"{prefix}:{number}"
        with contextlib.redirect_stdout(io.StringIO()):
            status = main(["kubectl-rollouts", "set", "image", "web", f"{container}={image}"])
        print(image, status, flush=True)


if __name__ == "__main__":
    run()
