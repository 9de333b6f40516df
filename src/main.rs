//! The `dispolits` command.

fn main() -> std::process::ExitCode {
    dispolits::cli::main()
}
