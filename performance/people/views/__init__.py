"""Pages of people, accounts and settings, by noun."""
