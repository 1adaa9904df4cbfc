"""Offline half: a folder of documents becomes passages, vectors and a store."""
