"""What a run, a sweep or a study says of itself: lines, JSON documents, and a page.

text markup svg components sections page
"""
