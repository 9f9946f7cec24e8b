"""The way in from Python: what `import retailsim` offers."""
