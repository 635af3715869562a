"""The same job by other means. Each reads the same archive; none uses photofinish's own code."""
