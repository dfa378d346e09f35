"""The capabilities of the bot, a folder or a file each."""
