"""`-o` and the extras of screens: what is asked for with the flags of `output_flags.py`.

Nothing in here is imported by a call that has none of them, unless it draws on a terminal.
"""
