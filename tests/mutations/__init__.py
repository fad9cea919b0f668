"""Mutations: protections taken away one by one, each of which some test must notice.

``listed.py`` gathers the list, ``python -m tests.mutations`` tries it.
"""
