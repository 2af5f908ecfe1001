"""Filling what a hub knows into cards: revisions, digests of files, licences."""
