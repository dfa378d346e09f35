"""What members want: mute, leave, help."""
