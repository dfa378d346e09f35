"""What leaders learn about their teams: digest, sub-teams, help, coaching."""
