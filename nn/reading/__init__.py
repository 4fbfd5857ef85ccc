"""Files of samples: tables, their columns, and what was taken for what."""
