"""Versions of the rules, their changes and the announcement."""
