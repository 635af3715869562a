"""Copies of the tables for other programs."""
