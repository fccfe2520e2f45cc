"""Luck, seen: many networks that differ in their seed alone, on one page that plays how they learn.

The page is its own: `*.js` and `*.css` here, the networks' weights after some epochs, and no word from elsewhere.

points frames recording outcomes payload table page play
"""
