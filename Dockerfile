# syntax=docker/dockerfile:1

# Both by digest, which .ci/update-images.js brings up to date.
ARG NODE_IMAGE=node:24-bookworm-slim@sha256:a9f5f7c91a432850b2a8a7797adf5eadb6c733ceed61167806cee7ea7fbc29df
ARG DISTROLESS_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot@sha256:14d42e2511532589a7c7e01a753667a74fcc96266e137e8125006b87b0c32d0a

# What is built is the same on every platform, so it is built on the builder's own.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

# The first process of a container must pass on signals and reap orphans, which Node.js does not do.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS init
ARG TARGETARCH
WORKDIR /init
RUN dpkg --add-architecture $TARGETARCH && apt-get update -qq && apt-get download -qq tini:$TARGETARCH && dpkg-deb -x tini_*.deb .

# docker build --target distroless: without a shell or anything else that the proxy does not need.
FROM ${DISTROLESS_IMAGE} AS distroless
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title=prismacloud-proxy
LABEL org.opencontainers.image.description="A local authenticating reverse proxy for the Prisma Cloud API"
LABEL org.opencontainers.image.licenses=Apache-2.0
LABEL org.opencontainers.image.version=$VERSION
LABEL org.opencontainers.image.revision=$REVISION
COPY --from=init /init/usr/bin/tini-static /usr/bin/tini
COPY --from=init /init/usr/share/doc/tini/copyright /usr/share/doc/tini/
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/dist ./dist
ENV NODE_ENV=production
ENV PATH=/nodejs/bin:/usr/bin:/bin
# as in the default variant, so that volumes fit both
ENV HOME=/home/node
USER 1000:1000
EXPOSE 9080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["node", "/app/dist/cli.js", "health"]
# Generated from the start script in package.json by npm run generate; .ci/generate.js explains V8's flags.
ENTRYPOINT ["/usr/bin/tini", "--", "node", "--max-semi-space-size=8", "--no-parallel-scavenge", "--no-allocation-site-pretenuring", "/app/dist/cli.js"]
CMD ["start"]

# The default. Only Node.js and the bundle: it writes nothing, and runs with a read-only root file system.
FROM ${NODE_IMAGE} AS slim
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title=prismacloud-proxy
LABEL org.opencontainers.image.description="A local authenticating reverse proxy for the Prisma Cloud API"
LABEL org.opencontainers.image.licenses=Apache-2.0
LABEL org.opencontainers.image.version=$VERSION
LABEL org.opencontainers.image.revision=$REVISION
COPY --from=init /init/usr/bin/tini-static /usr/bin/tini
COPY --from=init /init/usr/share/doc/tini/copyright /usr/share/doc/tini/
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/dist ./dist
ENV NODE_ENV=production
# By number, so that Kubernetes knows that it is not root: the image's user "node".
USER 1000:1000
# The proxy listens at 127.0.0.1: only containers that share this one's network can reach it.
EXPOSE 9080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["node", "/app/dist/cli.js", "health"]
# Generated from the start script in package.json by npm run generate; .ci/generate.js explains V8's flags.
ENTRYPOINT ["/usr/bin/tini", "--", "node", "--max-semi-space-size=8", "--no-parallel-scavenge", "--no-allocation-site-pretenuring", "/app/dist/cli.js"]
CMD ["start"]
