"""Output formats: what the model writes, one module each."""
