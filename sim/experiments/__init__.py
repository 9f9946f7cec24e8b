"""Experiments: presets run and printed beside the published figures."""
