"""Synthetic labelled documents."""
