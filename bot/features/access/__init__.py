"""Who may open which page, and the sessions of people who logged in."""
