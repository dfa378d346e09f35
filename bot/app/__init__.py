"""Where the parts meet: start-up, the service, the demo."""
