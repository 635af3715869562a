"""The static site: what a reader sees, what may be cited, and the files beside it."""
