"""Alerts: rules over the metric tables, what crossed, and the messages about it."""
