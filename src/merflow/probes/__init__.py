"""Probes: one unimodal model per layer (Figure 4)."""
