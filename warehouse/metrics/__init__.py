"""Metrics that SQL is the wrong tool for: one module, one table."""
