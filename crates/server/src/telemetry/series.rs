//! Families with a sample for each topic, partition or group, of which there may be any number: a family writes so many
//! samples at most, and what it left out is counted in `hanzo_metrics_series_left_out`.

use stream_http::{Exposition, Family, Kind};

/// Writes such families into an exposition.
#[derive(Debug)]
pub(super) struct Series<'a> {
    exposition: &'a mut Exposition,
    max: usize,
    left_out: Vec<(&'static str, usize)>,
}

impl<'a> Series<'a> {
    /// No family will have more than `max` samples.
    pub(super) fn new(exposition: &'a mut Exposition, max: usize) -> Series<'a> {
        Series { exposition, max, left_out: Vec::new() }
    }

    /// A family with the sample that `write` writes for each item, in their order.
    pub(super) fn family<T>(
        &mut self,
        (name, kind, help): (&'static str, Kind, &'static str),
        items: impl Iterator<Item = T>,
        write: impl Fn(&mut Family<'_>, T),
    ) {
        let mut family = self.exposition.family(name, kind, help);
        let mut count = 0;
        for item in items {
            count += 1;
            if count <= self.max {
                write(&mut family, item);
            }
        }
        if count > self.max {
            self.left_out.push((name, count - self.max));
        }
    }

    /// Writes what was left out.
    pub(super) fn finish(self) {
        let help = "Samples that this scrape leaves out, by family: hanzo.metrics.max.series is smaller.";
        let mut family = self.exposition.family("hanzo_metrics_series_left_out", Kind::Gauge, help);
        for (name, count) in self.left_out {
            family.integer(&[("family", name)], count as u64);
        }
    }
}
