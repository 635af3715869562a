"""What machines read: data files beside a page, and descriptions in the standards that machines know."""
