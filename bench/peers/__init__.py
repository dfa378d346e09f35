"""What our figures stand beside: the ways that tutorials and manuals teach, each in one file."""
