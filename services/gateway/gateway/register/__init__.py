"""The register: who is on the hub, who serves whom, who may act, and what changed (as events)."""
