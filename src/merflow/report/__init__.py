"""Report: metrics, tables, figures and submissions."""
