"""Makes the pictures of docs/images from the examples of docs/messages.md. Not part of product or CI."""
