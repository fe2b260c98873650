"""Dead-letter topics as somebody mends them: letters, marks, what may go back, and the way back."""
