"""When it is time for the next step of the rollout: shadow, pilot, on."""
