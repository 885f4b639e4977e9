# The simulator as an image of nothing but the static binary. Needs no registry:
#   cargo build --release --locked --target x86_64-unknown-linux-musl
#   cp target/x86_64-unknown-linux-musl/release/infra .github/infra
#   docker build -f .github/sim.Dockerfile -t infra-sim .github
#   docker run -p 7070:7070 infra-sim
FROM scratch
COPY infra /infra
EXPOSE 7070
ENTRYPOINT ["/infra", "sim", "serve", "--listen", "0.0.0.0:7070", "--allow-remote"]
