"""Judging documents: limits, safe parsing, schemas, the official rules, and the pool of workers that run them."""
