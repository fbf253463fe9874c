"""Pure logic: the JSON invoice, its totals and checks, and the UBL made of it."""
