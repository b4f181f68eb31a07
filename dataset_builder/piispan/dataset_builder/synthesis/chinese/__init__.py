"""Names, dates and numbers as people write them in Chinese."""
