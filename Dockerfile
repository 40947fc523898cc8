# Huajian as an image, in two targets:
#   docker build -t huajian .                     CPU
#   docker build -t huajian:gpu --target gpu .    GPU
# Not root, works with a read-only root file system, holds no secret. See docs/operations.md.

FROM python:3.12-slim-bookworm AS python-cpu

# The same Python as above. From the host comes the driver; CUDA's libraries come with the wheels that use them.
FROM nvidia/cuda:12.8.1-base-ubuntu24.04 AS python-gpu
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 \
 && rm -rf /var/lib/apt/lists/*

FROM node:22-bookworm-slim AS node

# --- Packages: every one a wheel and pinned by hash, so nothing is compiled and nothing is resolved ----

FROM python-cpu AS packages-cpu
COPY requirements/runtime.lock /tmp/
RUN python3 -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --no-deps --only-binary=:all: --require-hashes -r /tmp/runtime.lock

# With the extras `neural` and `cluster`. torch comes last and brings the CUDA that its build asks for; its version
# is pinned in pyproject.toml.
FROM python-gpu AS packages-gpu
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3-venv \
 && rm -rf /var/lib/apt/lists/*
COPY requirements/gpu.lock pyproject.toml /tmp/
RUN python3 -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --no-deps --only-binary=:all: --require-hashes -r /tmp/gpu.lock \
 && /opt/venv/bin/pip install --no-cache-dir --only-binary=:all: \
        "$(sed -n 's/.*"\(torch==[0-9.]*\)".*/\1/p' /tmp/pyproject.toml)"

# --- The project: in place rather than as a wheel, so that no data file can be forgotten ---------------

FROM packages-cpu AS app-cpu
COPY . /app
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r /app/setup/build.lock \
 && /opt/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation \
        --config-settings editable_mode=compat -e /app \
 && /opt/venv/bin/pip uninstall -y setuptools \
 && /opt/venv/bin/python -m compileall -q /app

FROM packages-gpu AS app-gpu
COPY . /app
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r /app/setup/build.lock \
 && /opt/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation \
        --config-settings editable_mode=compat -e /app \
 && /opt/venv/bin/pip uninstall -y setuptools \
 && /opt/venv/bin/python -m compileall -q /app

# --- Fonts: through the npm client, each checked against its pinned sha512; one missing fails the build -

FROM app-cpu AS fonts
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
 && /opt/venv/bin/python -m generators.fonts.fetch --into /fonts

# --- What runs. Skia is linked to OpenGL; tini reaps what embedded engines leave behind -----------------

FROM python-gpu AS gpu
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Huajian" \
      org.opencontainers.image.description="Personalised cards, lyrics and images" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
RUN apt-get update \
 && apt-get install -y --no-install-recommends libegl1 libexpat1 libgl1 tini \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10001 huajian \
 && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/huajian --shell /usr/sbin/nologin huajian \
 && install -d -o 10001 -g 10001 /var/lib/huajian /var/lib/huajian/files
COPY --from=app-gpu /opt/venv /opt/venv
COPY --from=app-gpu /app /app
COPY --from=fonts --chown=10001:10001 /fonts /opt/huajian/fonts
ENV PATH="/opt/venv/bin:${PATH}" \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HUAJIAN_FONTS_DIR=/opt/huajian/fonts \
    HUAJIAN_DATA_DIR=/var/lib/huajian
WORKDIR /var/lib/huajian
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
ENTRYPOINT ["tini", "--", "huajian"]
CMD ["serve", "--host", "0.0.0.0"]
USER 10001:10001

# The last stage is what `docker build .` makes.
FROM python-cpu AS cpu
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Huajian" \
      org.opencontainers.image.description="Personalised cards, lyrics and images" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
RUN apt-get update \
 && apt-get install -y --no-install-recommends libegl1 libexpat1 libgl1 tini \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10001 huajian \
 && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/huajian --shell /usr/sbin/nologin huajian \
 && install -d -o 10001 -g 10001 /var/lib/huajian /var/lib/huajian/files
COPY --from=app-cpu /opt/venv /opt/venv
COPY --from=app-cpu /app /app
COPY --from=fonts --chown=10001:10001 /fonts /opt/huajian/fonts
ENV PATH="/opt/venv/bin:${PATH}" \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HUAJIAN_FONTS_DIR=/opt/huajian/fonts \
    HUAJIAN_DATA_DIR=/var/lib/huajian
WORKDIR /var/lib/huajian
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
ENTRYPOINT ["tini", "--", "huajian"]
CMD ["serve", "--host", "0.0.0.0"]
USER 10001:10001
