"""What a run leaves, on the Hub: the adapter with its card, the documents, the metric."""
