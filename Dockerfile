# One image for web, worker and tick; docker-compose.yml says which is which.
FROM python:3.11-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY requirements.txt /tmp/
# PIP_OPTIONS may name an index that has PyTorch's build without CUDA, which is a tenth of the size.
ARG PIP_OPTIONS=
RUN python -m venv /opt/riskboard \
 && /opt/riskboard/bin/pip install --no-cache-dir $PIP_OPTIONS -r /tmp/requirements.txt

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data riskboard && install -d -o riskboard -m 700 /data
COPY --from=build /opt/riskboard /opt/riskboard
COPY . /app
WORKDIR /app
ENV PATH=/opt/riskboard/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    RISKBOARD_DATA_DIR=/data \
    RISKBOARD_LOG_JSON=on
USER riskboard
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=40s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
# Everything in one container, on SQLite and a private Valkey; other commands are in docker-compose.yml.
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0"]
