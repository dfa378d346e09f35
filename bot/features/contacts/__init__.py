"""A member's contacts: the list, and why each counts or not."""
