"""What a corpus is made of: files of rows, and plain texts. Each reads chunks of records, and writes them as they were but redacted."""
