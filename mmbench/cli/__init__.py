"""The command line: `main` and one module a command. Heavy imports sit inside the commands."""
