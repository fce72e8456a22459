//! The machine under virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use stream_types::Monotonic;

use super::*;

const WINDOW: QuotaWindow = QuotaWindow { samples: 11, sample: Duration::from_secs(1) };

fn at(millis: u64) -> Monotonic {
    Monotonic::from_millis(millis)
}

fn client<'a>(user: &'a str, client_id: &'a str) -> Client<'a> {
    Client { user, client_id }
}

/// `user=alice client-id=* producer_byte_rate=100`; `*` is the default.
fn quotas(lines: &[&str]) -> Quotas {
    let mut all = BTreeMap::new();
    for line in lines {
        let mut entity = Vec::new();
        for word in line.split(' ') {
            let (key, value) = word.split_once('=').unwrap();
            if matches!(key, "user" | "client-id" | "ip") {
                entity.push((key.to_owned(), (value != "*").then(|| value.to_owned())));
            } else {
                entity.sort();
                all.insert((entity.clone(), key.to_owned()), value.parse().unwrap());
            }
        }
    }
    let mut quotas = Quotas::new(WINDOW, WINDOW);
    quotas.set_table(QuotaTable::of(&all));
    quotas
}

fn limit(quotas: &Quotas, user: &str, client_id: &str) -> Option<f64> {
    quotas.table.find(QuotaType::Produce, client(user, client_id)).map(|found| found.limit)
}

#[test]
fn the_most_particular_quota_counts() {
    let lines = [
        "client-id=* producer_byte_rate=8",
        "client-id=c producer_byte_rate=7",
        "user=* producer_byte_rate=6",
        "user=* client-id=* producer_byte_rate=5",
        "user=* client-id=c producer_byte_rate=4",
        "user=u producer_byte_rate=3",
        "user=u client-id=* producer_byte_rate=2",
        "user=u client-id=c producer_byte_rate=1",
    ];
    // With ever more particular quotas, in Kafka's order.
    for count in 1..=lines.len() {
        let expected = (9 - count) as f64;
        assert_eq!(limit(&quotas(&lines[..count]), "u", "c"), Some(expected), "{count} quotas");
    }
    let all = quotas(&lines);
    assert_eq!(limit(&all, "u", "other"), Some(2.0));
    assert_eq!(limit(&all, "other", "c"), Some(4.0));
    assert_eq!(limit(&all, "other", "other"), Some(5.0));
    assert_eq!(limit(&quotas(&lines[..2]), "other", "other"), Some(8.0));
    assert_eq!(limit(&quotas(&[]), "u", "c"), None);
}

#[test]
fn a_quota_of_a_user_is_shared_by_the_clients() {
    let mut shared = quotas(&["user=* producer_byte_rate=100"]);
    shared.record(at(0), QuotaType::Produce, client("u", "a"), 1000.0);
    assert!(!shared.record(at(0), QuotaType::Produce, client("u", "b"), 500.0).throttle.is_zero());
    assert!(shared.record(at(0), QuotaType::Produce, client("v", "b"), 500.0).throttle.is_zero());
    let mut single = quotas(&["user=* client-id=* producer_byte_rate=100"]);
    single.record(at(0), QuotaType::Produce, client("u", "a"), 1000.0);
    assert!(single.record(at(0), QuotaType::Produce, client("u", "b"), 500.0).throttle.is_zero());
}

#[test]
fn who_is_above_the_rate_pauses_until_it_is_right() {
    let mut quotas = quotas(&["client-id=c producer_byte_rate=100"]);
    let mut record = |millis, value| quotas.record(at(millis), QuotaType::Produce, client("u", "c"), value).throttle;
    // The window is never shorter than ten seconds: a burst of ten seconds' worth is no rate.
    assert_eq!(record(0, 1000.0), Duration::ZERO);
    // 1500 in ten seconds are 150 a second: half too much, so half the window is the pause.
    assert_eq!(record(0, 500.0), Duration::from_secs(5));
    assert_eq!(record(5000, 0.0), Duration::from_secs(5), "the window did not grow yet");
    assert_eq!(record(15_000, 0.0), Duration::ZERO);
}

#[test]
fn a_pause_for_time_is_no_longer_than_the_window() {
    let mut quotas = quotas(&["user=u request_percentage=1"]);
    let usage = quotas.record(at(0), QuotaType::Request, client("u", "c"), 1_000_000.0);
    assert_eq!(usage.throttle, WINDOW.full());
}

#[test]
fn what_was_used_long_ago_is_forgotten() {
    let mut quotas = quotas(&["client-id=c consumer_byte_rate=10"]);
    let client = client("u", "c");
    assert!(!quotas.record(at(0), QuotaType::Fetch, client, 1_000_000.0).throttle.is_zero());
    let usage = quotas.record(at(11_000), QuotaType::Fetch, client, 1.0);
    assert_eq!(usage, Usage { throttle: Duration::ZERO, alone: true });
}

#[test]
fn what_was_not_given_is_taken_back() {
    let mut quotas = quotas(&["client-id=c consumer_byte_rate=10"]);
    let client = client("u", "c");
    assert!(!quotas.record(at(0), QuotaType::Fetch, client, 500.0).throttle.is_zero());
    quotas.unrecord(at(0), QuotaType::Fetch, client, 500.0);
    assert!(quotas.record(at(1), QuotaType::Fetch, client, 100.0).throttle.is_zero());
    assert_eq!(quotas.at_once_max(QuotaType::Fetch, client), Some(100.0));
    assert_eq!(quotas.at_once_max(QuotaType::Produce, client), None);
}

#[test]
fn the_long_run_follows_the_rate() {
    let mut quotas = quotas(&["user=u producer_byte_rate=1000"]);
    let (mut now, mut sent) = (0, 0.0);
    while now < 600_000 {
        let usage = quotas.record(at(now), QuotaType::Produce, client("u", "c"), 700.0);
        sent += 700.0;
        now += 1 + usage.throttle.as_millis() as u64;
    }
    let rate = sent / 600.0;
    assert!((900.0..1100.0).contains(&rate), "{rate}");
}

#[test]
fn changes_of_topics_come_in_bursts_and_are_paid_afterwards() {
    let mut quotas = quotas(&["user=u controller_mutation_rate=2"]);
    let client = client("u", "c");
    // A full bucket has 22 tokens.
    assert_eq!(quotas.ask_for_changes(at(0), client, 30), Duration::ZERO);
    assert_eq!(quotas.ask_for_changes(at(0), client, 1), Duration::from_secs(4));
    assert_eq!(quotas.ask_for_changes(at(1000), client, 1), Duration::from_secs(3));
    assert_eq!(quotas.ask_for_changes(at(4000), client, 1), Duration::ZERO);
    assert_eq!(quotas.record_changes(at(4000), client, 3), Duration::from_secs(2));
}

#[test]
fn made_up_client_ids_do_not_fill_the_memory() {
    let mut quotas = quotas(&["client-id=* producer_byte_rate=1"]);
    for id in 0..3 * limits::QUOTA_CLIENTS_MAX {
        quotas.record(at(0), QuotaType::Produce, client("u", &id.to_string()), 1.0);
    }
    assert!(quotas.rates.len() <= limits::QUOTA_CLIENTS_MAX);
}

#[test]
fn addresses_have_quotas_of_their_own() {
    let quotas = quotas(&["ip=10.0.0.1 connection_creation_rate=5", "ip=* connection_creation_rate=9"]);
    assert_eq!(quotas.table.connection_rate("10.0.0.1"), Some(5.0));
    assert_eq!(quotas.table.connection_rate("10.0.0.2"), Some(9.0));
    assert!(!quotas.table.limits_any(QuotaType::Produce) && quotas.table.limits_ips());
}
