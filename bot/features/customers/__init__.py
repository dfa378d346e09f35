"""What a customer is called, and who may read it."""
