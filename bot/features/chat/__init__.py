"""What members say to the app: commands, answers, the menu."""
