"""Online half: a question becomes evidence and a cited answer."""
