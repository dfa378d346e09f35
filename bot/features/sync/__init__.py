"""The comparison of the ledger with WeCom's lists."""
