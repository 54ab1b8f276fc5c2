"""What a sweep found: figures, words and the page."""
