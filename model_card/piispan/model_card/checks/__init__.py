"""Whether a folder may be published: its card says what its facts say, its files belong together, and nothing in it gives anything away."""
