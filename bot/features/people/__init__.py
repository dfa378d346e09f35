"""Who works where, read from files and from WeCom."""
