//! `max.connections.per.ip.overrides`: addresses, and how many connections each may have.

use core::net::IpAddr;
use std::collections::BTreeMap;

use super::validate::list_items;

/// Reads `10.0.0.1:5,::1:7`: the number stands behind the last colon.
///
/// # Errors
/// What is wrong with the first entry that cannot be read.
pub fn address_counts(text: &str) -> Result<BTreeMap<IpAddr, usize>, String> {
    let mut counts = BTreeMap::new();
    for entry in list_items(text) {
        let parsed = entry.rsplit_once(':').and_then(|(address, count)| {
            let address = address.trim().trim_start_matches('[').trim_end_matches(']');
            Some((address.parse::<IpAddr>().ok()?.to_canonical(), count.trim().parse::<usize>().ok()?))
        });
        let Some((address, count)) = parsed else {
            return Err(format!("'{entry}' is not ADDRESS:COUNT, such as 10.0.0.1:100"));
        };
        counts.insert(address, count);
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_families_have_their_numbers() {
        let counts = address_counts("10.0.0.1:5, ::1:7,[2001:db8::1]:9").unwrap();
        let found: Vec<(String, usize)> = counts.iter().map(|(ip, count)| (ip.to_string(), *count)).collect();
        assert_eq!(found, [("10.0.0.1".into(), 5), ("::1".into(), 7), ("2001:db8::1".into(), 9)]);
        assert_eq!(address_counts("").unwrap().len(), 0);
        for text in ["10.0.0.1", "10.0.0.1:", "host:5", "10.0.0.1:-1", "::1"] {
            assert!(address_counts(text).unwrap_err().contains("is not ADDRESS:COUNT"), "{text}");
        }
    }
}
