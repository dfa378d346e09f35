"""The `quotabot` command: options and printing, no logic."""
