"""The `quotabot` command: choosing and printing, no logic beyond."""
