"""Data folders and the builder of ``datasets``."""
