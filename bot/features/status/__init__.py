"""What `quotabot status` and the page of administrators say of an installation, from the store alone."""
