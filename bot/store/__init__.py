"""The stores: inbox, ledger, people, outbox, runs, leases. SQL stands in `sql/`, one statement a name."""
