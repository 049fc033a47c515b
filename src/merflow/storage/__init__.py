"""Files that are whole or absent, digests, and shards that can be resumed."""
