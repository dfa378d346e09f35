"""Other rules on the recorded history."""
