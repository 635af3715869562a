"""What a person sees: tables for the terminal and Markdown for the artifact of a run."""
