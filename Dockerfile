# Two images, of which each predicts, serves and checks by itself; for training add EXTRAS='[train]'.
#   docker build --target cpu  -t acdepth .
#   docker build --target cuda -t acdepth:cuda .
# docs/install.md says how to run them. Versions are those of constraints.txt.
FROM python:3.12-slim AS wheel
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim AS base
COPY constraints.txt /etc/acdepth-constraints.txt
ENV PIP_CONSTRAINT=/etc/acdepth-constraints.txt \
    PIP_NO_CACHE_DIR=1 \
    PYTHONUNBUFFERED=1
# Files that are written into a mounted folder belong to nobody special: run with --user to choose.
RUN useradd --create-home --uid 1000 acdepth
WORKDIR /data
ENTRYPOINT ["acdepth"]
CMD ["--help"]

# A build of torch for GPUs is what Linux gets without being asked; it brings CUDA, the host only its driver.
FROM base AS cuda
ARG EXTRAS="[serve]"
# hadolint ignore=DL3013
RUN pip install torch
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels pip install "$(echo /wheels/*.whl)${EXTRAS}"
USER 1000

# Last, so that it is what a build without --target makes.
FROM base AS cpu
ARG EXTRAS="[serve,openvino]"
# hadolint ignore=DL3013
RUN pip install --extra-index-url https://download.pytorch.org/whl/cpu torch
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels pip install "$(echo /wheels/*.whl)${EXTRAS}"
USER 1000
