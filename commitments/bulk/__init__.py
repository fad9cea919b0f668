"""Bulk work: files of many rows into the record, and out of it."""
