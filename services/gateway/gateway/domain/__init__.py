"""Pure decisions: no database, no HTTP."""
