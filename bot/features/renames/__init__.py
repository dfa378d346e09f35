"""Changed userids: proposals, and moving everything to the new one."""
