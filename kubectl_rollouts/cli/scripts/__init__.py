"""What scripts and pipelines ask for beyond the plain commands: waits, many rollouts at once, dry runs, reports.

Nothing in here is imported by a call that has none of these flags.
"""
