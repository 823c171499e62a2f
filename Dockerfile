# syntax=docker/dockerfile:1

FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

# Only Node.js and the bundle. It writes nothing, and runs with a read-only root file system.
FROM node:24-slim
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/dist ./dist
ENV NODE_ENV=production
USER node
# The proxy listens at 127.0.0.1: only containers that share this one's network can reach it.
EXPOSE 9080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["node", "-e", "fetch('http://127.0.0.1:9080/_proxy/livez').then(answer => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Generated from the start script in package.json by npm run generate; .ci/generate.js explains V8's flags.
ENTRYPOINT ["node", "--max-semi-space-size=8", "--no-parallel-scavenge", "--no-allocation-site-pretenuring", "/app/dist/cli.js"]
CMD ["start"]
