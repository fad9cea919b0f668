# One image for web, worker and beat. Built in two stages, runs without root.
FROM python:3.12-slim AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements/production.txt requirements/production.txt
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/production.txt

FROM python:3.12-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 TRACKER_DATA_DIR=/data TRACKER_BIND=0.0.0.0:8000 TRACKER_STATIC_ROOT=/app/staticfiles
RUN useradd --system --uid 10001 tracker && mkdir /data && chown tracker /data
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
# Any key will do to collect static files; it is not kept.
RUN SECRET_KEY=$(python -c "import secrets; print(secrets.token_urlsafe(50))") python manage.py collectstatic --noinput
USER tracker
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "-c", "python:config.gunicorn"]
