"""Findings, appeals, cases and their decisions."""
