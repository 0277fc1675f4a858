"""What is wrong with a Rollout, as pure functions: the rules of spec/lint.md §4-§8.

The objects are plain mappings (decoded YAML or JSON). `lint` shows every error of `validate_rollout`; the sandbox's
controller shows the first as its InvalidSpec condition.
"""
