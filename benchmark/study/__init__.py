"""Study files and the boards that their settings lead to."""
