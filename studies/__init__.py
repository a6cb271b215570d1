"""Study files: what is crossed, and which space is searched."""
