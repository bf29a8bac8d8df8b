"""The pages: asking, letters and chat, the pool of questions, the operator's switch, statements."""
