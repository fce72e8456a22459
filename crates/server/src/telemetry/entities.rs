//! What is told of each topic, partition and group; `hanzo.metrics.partition.labels` and `hanzo.metrics.max.series` say how
//! much of it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use stream_http::{Exposition, Family, Kind};

use super::metrics::{Metrics, RateValues, TrafficCount};
use super::scrape::{ClusterState, GroupLag, PartitionState};
use super::series::Series;
use super::state::{lags_by_topic, partitions_by_topic};
use crate::config::MetricsSettings;

pub(super) fn write(exposition: &mut Exposition, metrics: &Metrics, state: &ClusterState, settings: MetricsSettings) {
    let mut series = Series::new(exposition, settings.series_max);
    write_topics(&mut series, metrics, state);
    let partitions = match settings.partition_labels {
        true => Cow::Borrowed(&state.partitions),
        false => Cow::Owned(partitions_by_topic(&state.partitions)),
    };
    write_partitions(&mut series, &partitions);
    let lags = match settings.partition_labels {
        true => Cow::Borrowed(&state.group_lags),
        false => Cow::Owned(lags_by_topic(&state.group_lags)),
    };
    write_lags(&mut series, &lags);
    write_groups(&mut series, state);
    series.finish();
}

fn write_topics(series: &mut Series<'_>, metrics: &Metrics, state: &ClusterState) {
    let topics = metrics.topics();
    let mut family = |name, help, value: fn(&TrafficCount) -> u64| {
        series.family((name, Kind::Counter, help), topics.iter(), |family, (topic, count, _)| {
            family.integer(&[("topic", topic)], value(count));
        });
    };
    family("kafka_topic_messages_in_total", "Records appended for producers, by topic.", |count| count.messages_in);
    family("kafka_topic_bytes_in_total", "Bytes of batches appended for producers, by topic.", |count| count.bytes_in);
    family("kafka_topic_bytes_out_total", "Bytes of batches sent to consumers, by topic.", |count| count.bytes_out);
    let mut family = |name, help, value: fn(&RateValues) -> f64| {
        series.family((name, Kind::Gauge, help), topics.iter(), |family, (topic, _, rates)| {
            family.sample(&[("topic", topic)], value(rates));
        });
    };
    let help = "Records appended for producers, by topic (one-minute moving rate).";
    family("kafka_topic_messages_in_per_second", help, |rates| rates.messages_in);
    let help = "Bytes of batches appended for producers, by topic (one-minute moving rate).";
    family("kafka_topic_bytes_in_per_second", help, |rates| rates.bytes_in);
    let help = "Bytes of batches sent to consumers, by topic (one-minute moving rate).";
    family("kafka_topic_bytes_out_per_second", help, |rates| rates.bytes_out);
    let family = ("kafka_topic_partitions", Kind::Gauge, "Partitions of a topic.");
    series.family(family, state.topics.iter(), |family, (topic, partitions)| {
        family.integer(&[("topic", topic)], *partitions as u64);
    });
}

fn write_partitions(series: &mut Series<'_>, partitions: &[PartitionState]) {
    let mut family = |name, help, value: fn(&PartitionState) -> i64| {
        series.family((name, Kind::Gauge, help), partitions.iter(), |family, state| {
            let number = state.partition.map(|partition| partition.to_string());
            match &number {
                Some(number) => family.signed(&[("topic", &state.topic), ("partition", number)], value(state)),
                None => family.signed(&[("topic", &state.topic)], value(state)),
            }
        });
    };
    family("kafka_log_size_bytes", "Bytes of the partition's segments on this broker.", |p| p.size_bytes as i64);
    family("kafka_log_segments", "Segments of the partition on this broker.", |p| p.segment_count as i64);
    family("kafka_log_start_offset", "The partition's first offset.", |p| p.log_start);
    family("kafka_high_watermark", "The offset after the partition's last committed record.", |p| p.high_watermark);
}

fn write_lags(series: &mut Series<'_>, lags: &[GroupLag]) {
    let mut family = |name, help, value: fn(&GroupLag) -> Option<f64>| {
        let known = lags.iter().filter_map(|lag| Some((lag, value(lag)?)));
        series.family((name, Kind::Gauge, help), known, |family, (lag, value)| write_lag(family, lag, value));
    };
    let help = "Committed records that the group has not committed as read.";
    family("kafka_consumer_group_lag", help, |lag| Some(lag.lag as f64));
    let help = "Time since the oldest record was written that the group has not read; 0 if it has read all (seconds).";
    family("kafka_consumer_group_lag_seconds", help, |lag| lag.age_seconds);
    let help = "Records that were deleted before the group had read them.";
    family("kafka_consumer_group_lost_records", help, |lag| Some(lag.lost as f64));
    let help = "Time until retention.ms may delete what the group has not read (seconds).";
    family("kafka_consumer_group_retention_margin_seconds", help, |lag| lag.margin_seconds);
    let help = "Bytes that may be appended until retention.bytes deletes what the group has not read.";
    family("kafka_consumer_group_retention_margin_bytes", help, |lag| lag.margin_bytes.map(|bytes| bytes as f64));
}

fn write_lag(family: &mut Family<'_>, lag: &GroupLag, value: f64) {
    let number = lag.partition.map(|partition| partition.to_string());
    match &number {
        Some(number) => {
            family.sample(&[("group", &lag.group), ("topic", &lag.topic), ("partition", number)], value);
        }
        None => family.sample(&[("group", &lag.group), ("topic", &lag.topic)], value),
    }
}

fn write_groups(series: &mut Series<'_>, state: &ClusterState) {
    let mut by_group = BTreeMap::<&str, u64>::new();
    for lag in &state.group_lags {
        *by_group.entry(&lag.group).or_default() += lag.lag;
    }
    let mut by_group: Vec<(&str, u64)> = by_group.into_iter().collect();
    // The largest first, as above.
    by_group.sort_by_key(|(_, lag)| std::cmp::Reverse(*lag));
    let family = ("kafka_consumer_lag", Kind::Gauge, "The group's lag in all its partitions.");
    series.family(family, by_group.into_iter(), |family, (group, lag)| family.integer(&[("group", group)], lag));
    let family = ("kafka_groups", Kind::Gauge, "Groups that this broker coordinates, by state.");
    series.family(family, state.groups.iter(), |family, (state, count)| {
        family.integer(&[("state", state)], *count as u64);
    });
}
