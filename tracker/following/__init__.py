"""Following by e-mail: who hears of what, and how it is written to them.

``wishes`` takes what is asked on pages, ``follows`` holds what was confirmed,
``matching`` says which entries a follow tells of, ``spreading`` and ``digests`` write
the rows of the outbox, ``letters`` the words, ``sending`` hands them over, and
``forgetting`` deletes what need not be known any more. docs/following.md tells all.
"""
