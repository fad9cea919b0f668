"""Webhooks: events sent to addresses of API key owners, signed and at least once.

``endpoints`` registers them, ``challenges`` has them prove themselves, ``sending``
delivers, ``notices`` tells owners. Signatures follow Standard Webhooks 1.0.
"""
