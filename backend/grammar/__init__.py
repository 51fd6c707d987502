"""Options of the `muscope` command and its help. Importing it loads nothing but argparse and the texts."""
