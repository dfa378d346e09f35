"""Makes the pictures of docs/images from the messages of docs/messages.md. Not part of the product, nor of CI."""
