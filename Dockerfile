# syntax=docker/dockerfile:1
# Two stages: the first installs the pinned requirements and collects static files, the second carries only
# what runs, as an unprivileged user.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
# With what forecasts need, which only workers load: one image for all processes.
COPY requirements-forecast.txt /src/
RUN pip install --require-hashes --requirement /src/requirements-forecast.txt
COPY manage.py pyproject.toml /src/
COPY performance /src/performance
COPY okr /src/okr
COPY feedback /src/feedback
COPY templates /src/templates
COPY static /src/static
COPY locale /src/locale
WORKDIR /src
# Collecting needs settings, not services: the data folder of the build stage keeps throw-away secrets.
RUN ACCORD_DATA=/tmp/build ACCORD_STATIC_ROOT=/src/staticfiles python manage.py collectstatic --no-input --verbosity 0

FROM python:3.13-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    ACCORD_DATA=/var/lib/accord ACCORD_STATIC_ROOT=/srv/accord/staticfiles
RUN groupadd --system --gid 10001 accord \
    && useradd --system --uid 10001 --gid accord --home-dir /var/lib/accord --create-home accord
COPY --from=build /opt/venv /opt/venv
COPY --from=build /src /srv/accord
WORKDIR /srv/accord
USER accord
VOLUME /var/lib/accord
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD \
    ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["gunicorn", "-c", "performance/config/gunicorn.py", "-b", "0.0.0.0:8000", "performance.config.wsgi"]
