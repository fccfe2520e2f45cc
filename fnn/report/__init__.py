"""What is printed of a run, a sweep or a study: lines, JSON documents, and a page.

document looks text words table choice fitted markup svg components sections replications page
"""
