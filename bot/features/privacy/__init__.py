"""Personal data that goes: customers who are erased, employees who left."""
