"""Measuring: archives made to measure, the same job done by others, and one table of ratios."""
