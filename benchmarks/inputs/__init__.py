"""Files that rows of the bench and the security suite read: ordinary, odd and hostile ones."""
