"""Facts to text: rows computed once, written by two writers."""
