"""Comparing two systems, runs or commits of predictions from the command line."""
