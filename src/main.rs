//! The thin binary: ambient facts in, exit code out.

fn main() -> std::process::ExitCode {
    infra::run(std::env::args_os(), infra::Env::system())
}
