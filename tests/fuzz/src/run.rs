//! Runs inputs and looks after the promises.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;

use crate::mutate::{Random, next_input};
use crate::{Target, corpus};

/// Counts what the program that uses this library allocates.
#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// Longest time for one input; thousands of them take a second.
const INPUT_TIME_MAX: Duration = Duration::from_secs(5);

/// An input that broke a promise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken {
    /// The target.
    pub target: &'static str,
    /// What happened.
    pub what: String,
    /// The input.
    pub input: Vec<u8>,
}

/// Gives one input to a target.
///
/// # Errors
/// It broke a promise.
pub fn one(target: &Target, input: &[u8]) -> Result<(), Broken> {
    let broken = |what: String| Broken { target: target.name, what, input: input.to_vec() };
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    let started = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    let took = started.elapsed();
    let allocated = ALLOCATED.peak_usage().saturating_sub(before);
    if let Err(panic) = outcome {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        return Err(broken(format!("panic: {}", text.unwrap_or("without a text"))));
    }
    let allowed = target.memory_base + target.memory_per_byte * input.len();
    if allocated > allowed {
        return Err(broken(format!(
            "{allocated} bytes allocated for {} that came, {allowed} are allowed",
            input.len()
        )));
    }
    if took > INPUT_TIME_MAX {
        return Err(broken(format!("it took {took:?}")));
    }
    Ok(())
}

/// Gives every input of the corpus to a target, then `runs` that are made from them.
///
/// # Errors
/// One broke a promise.
pub fn many(target: &Target, seed: u64, runs: usize) -> Result<(), Broken> {
    let kept = corpus::read(target.name).expect("the corpus is in the repository");
    assert!(!kept.is_empty(), "{} has inputs to begin with", target.name);
    for (_, input) in &kept {
        one(target, input)?;
    }
    let seeds: Vec<Vec<u8>> = kept.into_iter().map(|(_, input)| input).collect();
    let mut random = Random::new(seed);
    for _ in 0..runs {
        one(target, &next_input(&mut random, &seeds))?;
    }
    Ok(())
}
