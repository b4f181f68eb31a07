"""Splits of labelled documents, and what is in them."""
