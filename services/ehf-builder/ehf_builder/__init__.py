"""ehf_builder."""
