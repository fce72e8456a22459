//! `cargo run -p stream-fuzz -- [TARGET] [--runs N] [--seed S]`: more inputs than the tests take. What breaks a promise is
//! written to the corpus. `--write-corpus` makes the inputs to begin with.

use std::process::ExitCode;

use stream_fuzz::targets::seeds;
use stream_fuzz::{TARGETS, corpus, run};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--write-corpus") {
        for (target, name, input) in seeds() {
            let path = corpus::keep(target, &name, &input).expect("the corpus can be written");
            println!("{}", path.display());
        }
        return ExitCode::SUCCESS;
    }
    let number = |flag: &str, default: u64| {
        let at = arguments.iter().position(|argument| argument == flag);
        at.map_or(default, |at| arguments[at + 1].parse().expect("a number follows"))
    };
    let (runs, seed) = (number("--runs", 1_000_000), number("--seed", 1));
    let wanted = arguments.first().filter(|argument| !argument.starts_with("--"));
    let mut status = ExitCode::SUCCESS;
    for target in TARGETS.iter().filter(|target| wanted.is_none_or(|name| name == target.name)) {
        println!("{} seed {seed}, {runs} runs", target.name);
        if let Err(broken) = run::many(target, seed, usize::try_from(runs).expect("a machine counts that far")) {
            let name = format!("found-{seed}");
            let path = corpus::keep(target.name, &name, &broken.input).expect("the corpus can be written");
            println!("{}: {}\n  kept as {}", broken.target, broken.what, path.display());
            status = ExitCode::FAILURE;
        }
    }
    status
}
