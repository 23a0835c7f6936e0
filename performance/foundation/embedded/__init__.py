"""The PostgreSQL that ships with the Python requirements: a private cluster of this installation.

It listens on 127.0.0.1 alone, asks every role for its password, lives in the data folder, and runs as a child
of whoever starts it, so that it stops with it. Standard library, psutil and psycopg only: settings import it
before Django is set up.
"""
