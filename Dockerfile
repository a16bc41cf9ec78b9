# One image for every process of the service: bin/start says which one a container is.

ARG PYTHON_IMAGE=python:3.11.15-slim-trixie

# --- Build: what is made once, and the tools that make it --------------------------------

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /srv/saas

# The packages come first: they change less often than the code, and the layer stays.
# Everything is pinned and hashed, and comes built. The environment that goes into the image
# has no pip, for nobody installs anything there.
COPY requirements/base.txt requirements/product.txt requirements/build.txt /requirements/
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python install \
        --require-hashes --no-deps --only-binary=:all: --requirement /requirements/base.txt \
    && python -m pip --python /opt/venv/bin/python install \
        --require-hashes --no-deps --only-binary=:all: --requirement /requirements/product.txt \
    && python -m pip install \
        --require-hashes --no-deps --only-binary=:all: --requirement /requirements/build.txt

COPY manage.py ./
COPY bin bin
COPY saas saas
COPY product product
COPY operations operations
COPY tenants tenants
COPY accounts accounts
COPY tasks tasks
COPY tenancy tenancy

# The code's owner is root, so that the process that runs it can't change it; what can be
# written ahead (catalogues, bytecode, static files with their hashed names) is. Catalogues
# are compiled by what compiles them in development, which is mounted here and copied nowhere.
RUN --mount=type=bind,source=dev,target=/srv/saas/dev \
    python -m dev.messages \
    && python -m compileall -q -j 0 saas product operations tenants accounts tasks tenancy

# Settings want a whole environment. This one exists as long as this step: it names nothing
# that listens, and its key is thrown away with the shell.
RUN SAAS_ENV=production \
    BASE_ORIGIN=https://example.com \
    SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(48))')" \
    PAYLOAD_KEYS=none \
    DIRECTORY_KEY=none \
    DATABASE_URL=postgres://none@127.0.0.1:9/none \
    REDIS_URL=redis://127.0.0.1:9/0 \
    EMAIL_URL=smtp://127.0.0.1:9 \
    STATIC_ROOT=/srv/static \
    /opt/venv/bin/python manage.py collectstatic --noinput --verbosity=0

# --- Runtime ----------------------------------------------------------------------------

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Tenantry" \
      org.opencontainers.image.licenses="MIT"

# Numbers, because an orchestrator can only prove of a number that it isn't root. The two
# folders are what a fresh volume takes its owner from.
RUN groupadd --system --gid 10001 saas \
    && useradd --system --uid 10001 --gid saas --no-create-home --home-dir /nonexistent saas \
    && install --directory --owner=saas --group=saas --mode=0750 \
        /var/lib/saas /var/lib/saas/media /var/lib/saas/beat

COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv /srv
WORKDIR /srv/saas

# Whatever is written goes to a volume or to /tmp: the rest may be mounted read-only.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SAAS_ENV=production \
    STATIC_ROOT=/srv/static \
    MEDIA_ROOT=/var/lib/saas/media \
    BEAT_SCHEDULE=/var/lib/saas/beat/schedule \
    WEB_BIND=0.0.0.0:8000

USER 10001:10001
EXPOSE 8000
# gunicorn answers what it has begun, Celery ends the task it is at.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["bin/healthcheck", "web"]
ENTRYPOINT ["bin/start"]
CMD ["web"]
