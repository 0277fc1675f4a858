"""Structured output: objects and facts as JSON, YAML, names, JSONPath, columns. Imported only when `-o` is given."""
