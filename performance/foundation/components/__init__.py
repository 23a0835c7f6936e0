"""The components of the interface, drawn on the server: numbers as text, icons, SVG geometry, form controls.

The template library `components` hands these functions to templates; nothing here reads the database.
"""
