"""`quotabot check --live`: each part of an installation tried once, with what to do where it fails."""
