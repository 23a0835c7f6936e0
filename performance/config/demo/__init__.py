"""Luming Retail, the demo company: generated, seeded, and walked through the same actions as real use."""
