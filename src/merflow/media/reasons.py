"""Why a clip is in quarantine."""

REASONS = (
    *("missing", "outside_root", "empty", "undecodable", "no_picture", "soundless"),
    *("too_long", "too_large", "too_slow", "defective", "faceless"),
)
"""All reasons there are; docs/corpora.md says what they mean."""
