"""What is printed of a run, a sweep or a study: lines, JSON documents, and a page.

published stopping document looks words runs text layers table problem choice fitted_images fitted markup marks svg
chart chart_file study_figure table_figure components specification_curve multiverse datasets sections replications
legend page
"""
