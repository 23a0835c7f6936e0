"""What happens at Luming Retail, chapter by chapter, each told through the actions that its people would use."""
