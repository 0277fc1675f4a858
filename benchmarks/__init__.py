"""Benchmarks of the installed command: whole processes against a server that answers from prepared bytes."""
