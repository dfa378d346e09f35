"""What WeCom says of contacts: details and tags."""
