"""What is printed of a run, a sweep or a study: lines, JSON documents, and a page.

document text markup svg components sections replications page
"""
