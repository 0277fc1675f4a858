"""The rollout controller, by topic; the section of spec/controller.md stands in each module's first line.

`controller.py` is the pipeline, `canary.py` and `bluegreen.py` are its two bodies; the rest are the rules they use.
"""

from kubectl_rollouts.sandbox.controllers.rollout.controller import RolloutController

__all__ = ["RolloutController"]
