"""Talking to a language model: templates, chats, shapes of answers and their decoding."""
