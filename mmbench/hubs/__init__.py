"""The two hubs by HTTP: what a repository holds, its files, and who may see a token."""
