"""Corpora redacted: files and folders, piece by piece, in memory that does not grow, so that an interrupted run can go on."""
