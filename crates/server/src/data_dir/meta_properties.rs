//! `meta.properties`, version 1, as Kafka's KRaft mode writes it (KIP-631, KIP-858).

use stream_types::{NodeId, Uuid};

use crate::config::parse_properties;

/// Whose directory this is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct MetaProperties {
    pub(super) cluster_id: String,
    pub(super) node_id: NodeId,
    /// None in directories of Kafka 3.6 and older.
    pub(super) directory_id: Option<Uuid>,
}

impl MetaProperties {
    /// Reads the file's bytes; the error is one clause.
    pub(super) fn parse(bytes: &[u8]) -> Result<MetaProperties, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "its meta.properties is no text".to_owned())?;
        let properties = parse_properties(text)
            .map_err(|error| format!("line {} of its meta.properties: {}", error.line, error.problem))?;
        let get = |key: &str| {
            let last = properties.iter().rev().find(|property| property.key == key);
            last.map(|property| property.value.trim()).filter(|value| !value.is_empty())
        };
        match get("version") {
            Some("1") => {}
            Some("0") => return Err("its meta.properties is of a Kafka with ZooKeeper (version 0)".to_owned()),
            _ => return Err("its meta.properties does not say version=1".to_owned()),
        }
        let cluster_id = get("cluster.id").ok_or("its meta.properties has no cluster.id")?.to_owned();
        let node_id =
            get("node.id").and_then(|id| id.parse().ok()).ok_or("its meta.properties has no valid node.id")?;
        let directory_id = match get("directory.id") {
            Some(id) => Some(id.parse().map_err(|_| "its meta.properties has no valid directory.id")?),
            None => None,
        };
        Ok(MetaProperties { cluster_id, node_id: NodeId(node_id), directory_id })
    }

    /// The file's text.
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("version=1\ncluster.id={}\nnode.id={}\n", self.cluster_id, self.node_id);
        if let Some(id) = self.directory_id {
            text.push_str(&format!("directory.id={id}\n"));
        }
        text
    }
}
