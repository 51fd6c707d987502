"""Hugging Face configurations as brought models: a `config.json`, and a rule which of its fields grow."""
