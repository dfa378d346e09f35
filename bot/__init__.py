"""wecom-quota-bot: fair, calm and honest contact quotas in Enterprise WeChat."""

__version__ = "2026.12.1"
