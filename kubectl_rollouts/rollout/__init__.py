"""The domain: pure functions from objects to facts and decisions."""
