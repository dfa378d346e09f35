"""Makes the pictures of docs/images from example messages (builders.messages). Not part of product or CI."""
