"""Files to the Hub: one commit, private unless said otherwise, whole or not at all."""
