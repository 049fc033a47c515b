"""Network definitions and checkpoint loading of the frozen encoders."""
