"""refmodel."""
