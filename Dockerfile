# Youju in a container. The build needs a package index; what runs afterwards needs no network at all.
#   docker build -t youju .
#   docker run -d --name youju -p 127.0.0.1:7860:7860 -e YOUJU_TOKEN=… -v youju:/data -v ~/papers:/papers:ro youju
#   docker exec youju youju index /papers --index /data/index
# docs/deploy.md says more.

FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/youju
# PyPI's torch brings 3 GB of CUDA; for a GPU build with --build-arg TORCH_INDEX=https://pypi.org/simple
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN /opt/youju/bin/pip install "torch==2.13.*" --index-url "$TORCH_INDEX"
COPY pyproject.toml README.md LICENSE /src/
COPY index /src/index
COPY rag /src/rag
COPY eval /src/eval
COPY ui /src/ui
COPY models /src/models
COPY seeds /src/seeds
RUN /opt/youju/bin/pip install /src && /opt/youju/bin/youju --version

FROM python:3.11-slim-bookworm
COPY --from=build /opt/youju /opt/youju
RUN useradd --system --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin youju
ENV PATH=/opt/youju/bin:$PATH HF_HUB_OFFLINE=1 TRANSFORMERS_OFFLINE=1 OMP_WAIT_POLICY=passive PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 7860
# Inside a container loopback reaches nobody, so it listens on all of its addresses: then it does not start
# without YOUJU_TOKEN (or --password-file). Publish the port on 127.0.0.1, as above, to stay on this machine.
ENTRYPOINT ["youju"]
CMD ["chat", "--host", "0.0.0.0", "--port", "7860", "--index", "/data/index"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/api/health', timeout=4)"]
