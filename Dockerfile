# One image for the four services: `signaalhub service <name>`. Kafka and PostgreSQL are not in it.
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements-image.lock pyproject.toml README.md ./
RUN python -m venv /opt/signaalhub && /opt/signaalhub/bin/pip install --no-cache-dir --require-hashes -r requirements-image.lock
COPY services services
RUN /opt/signaalhub/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home signaalhub
COPY --from=build /opt/signaalhub /opt/signaalhub
COPY schemas /opt/signaalhub/schemas
ENV PATH=/opt/signaalhub/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    SIGNAALHUB_SCHEMAS_DIR=/opt/signaalhub/schemas \
    SIGNAALHUB_HTTP_HOST=0.0.0.0
USER 10001
ENTRYPOINT ["signaalhub"]
CMD ["--help"]
