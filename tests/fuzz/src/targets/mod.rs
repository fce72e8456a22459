//! What is given hostile bytes.

mod acl;
mod batch;
mod request;
mod sasl;

/// Something that reads what strangers send.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and that of its corpus.
    pub name: &'static str,
    /// Takes any bytes.
    pub run: fn(&[u8]),
    /// Memory that any input may take (bytes).
    pub memory_base: usize,
    /// Memory that it may take for each of its bytes.
    pub memory_per_byte: usize,
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// All of them. The decoder itself lets arrays take 1 MiB and eight bytes for each that came; what is decoded is encoded
/// and decoded once more beside it.
pub const TARGETS: &[Target] = &[
    Target { name: "frames", run: request::frames, memory_base: 4 * MIB, memory_per_byte: 32 },
    Target { name: "request", run: request::request, memory_base: 4 * MIB, memory_per_byte: 32 },
    Target { name: "batch", run: batch::batch, memory_base: 2 * batch::LIMIT + MIB, memory_per_byte: 8 },
    Target { name: "compression", run: batch::compression, memory_base: 2 * batch::LIMIT + MIB, memory_per_byte: 8 },
    Target { name: "sasl", run: sasl::exchange, memory_base: 256 * KIB, memory_per_byte: 16 },
    Target { name: "jaas", run: sasl::jaas, memory_base: 64 * KIB, memory_per_byte: 64 },
    Target { name: "acl", run: acl::decide, memory_base: 64 * KIB, memory_per_byte: 256 },
];

/// Inputs to begin with: target, name, bytes.
pub fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut seeds = request::seeds();
    seeds.extend(batch::seeds());
    seeds.extend(sasl::seeds());
    seeds.extend(acl::seeds());
    seeds
}
