//! A bounded number of inputs for every target, the same in every run: what continuous integration can afford.

use stream_fuzz::{TARGETS, run};

/// `STREAM_FUZZ_RUNS` is how many inputs each target gets.
fn runs() -> usize {
    std::env::var("STREAM_FUZZ_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(4_000)
}

/// One test for all, one after another: the allocator counts for the whole process.
#[test]
fn hostile_bytes_are_refused_and_nothing_else_happens() {
    for target in TARGETS {
        if let Err(broken) = run::many(target, 20_261_124, runs()) {
            panic!("{}: {}\n{:?}", broken.target, broken.what, broken.input);
        }
    }
}
