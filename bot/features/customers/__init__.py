"""Names of customers, and who may read them."""
