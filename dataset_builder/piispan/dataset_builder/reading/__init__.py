"""Labelled documents of any tool's layout."""
