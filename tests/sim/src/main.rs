//! `cargo run -p stream-sim -- [SCENARIO] [--seed N | --seeds N | --long] [--planted BUG]`: simulations by hand.

use std::process::ExitCode;

use stream_sim::planted::Planted;
use stream_sim::scenario::{SCENARIOS, Scenario};

/// Seeds of a long run, times those of an ordinary one.
const LONG: u64 = 50;

const USAGE: &str = "usage: stream-sim [SCENARIO] [--seed N | --seeds N | --long] [--planted BUG]
  --seed N    run this seed only and print what happens
  --seeds N   run the seeds 0 to N-1
  --long      run fifty times as many seeds as the tests do
  --planted   with a bug: forgotten-vote, ack-before-sync, torn-tail-believed, reply-before-commit";

fn main() -> ExitCode {
    let mut chosen: Vec<Scenario> = SCENARIOS.to_vec();
    let (mut seed, mut seeds, mut times, mut planted) = (None, None, 1, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--planted" => planted = arguments.next().and_then(|name| Planted::named(&name)),
            "--seed" => seed = number(&mut arguments),
            "--seeds" => seeds = number(&mut arguments),
            "--long" => times = LONG,
            name => match Scenario::named(name) {
                Some(scenario) => chosen = vec![scenario],
                None => {
                    eprintln!("{USAGE}");
                    return ExitCode::from(2);
                }
            },
        }
    }
    for scenario in chosen {
        let range = match seed {
            Some(seed) => seed..seed + 1,
            None => 0..seeds.unwrap_or(scenario.seeds * times),
        };
        for number in range {
            let report = scenario.run(number, planted, seed.is_some());
            if let Some(violation) = &report.violation {
                println!("{}", scenario.describe(number, &report, violation));
                return ExitCode::FAILURE;
            }
            if seed.is_some() {
                println!("{:#?}", report.trace.outcomes());
            }
            println!(
                "{} seed {number}: {} events, trace {:016x}",
                scenario.name,
                report.trace.lines(),
                report.trace.hash()
            );
        }
    }
    ExitCode::SUCCESS
}

fn number(arguments: &mut impl Iterator<Item = String>) -> Option<u64> {
    arguments.next().and_then(|text| text.parse().ok())
}
