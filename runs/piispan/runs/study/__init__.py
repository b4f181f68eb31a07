"""Studies: grids of trainings and baselines, run cell by cell, and the report of what they found."""
