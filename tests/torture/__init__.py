"""Campaigns of seeded faults: `python -m tests.torture` runs them long, `test_short.py` a few cases of each."""
