"""Floor 1: values and small facts that every other room uses."""
