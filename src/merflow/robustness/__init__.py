"""Robustness: what trained systems say of a test split at fixed signal-to-noise ratios."""
