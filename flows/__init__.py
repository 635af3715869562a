"""What happens and when: Prefect flows, the command line, fetching and publishing."""
