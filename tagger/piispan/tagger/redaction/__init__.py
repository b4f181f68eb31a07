"""Spans replaced by a policy's operators, put back from a vault."""
