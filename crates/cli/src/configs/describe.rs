//! `configs describe`.

use clap::Args;
use serde_json::{Value, json};
use stream_client::ConfigEntry;

use super::{ResourceArguments, Whose, quotas, what};
use crate::connection::ConnectionArguments;
use crate::error::{CliError, Tried};
use crate::output::{Rows, cell, print_json};

const EXAMPLES: &str = "\
Examples:
  hanzo-stream configs describe --topic orders
      what differs from the defaults
  hanzo-stream configs describe --broker 1 --all
  hanzo-stream configs describe --user alice
      the user's quotas; --quotas shows all there are";

/// Arguments of `configs describe`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DescribeArguments {
    #[command(flatten)]
    resource: ResourceArguments,
    /// Also show keys that have their default
    #[arg(long)]
    all: bool,
    /// Only this key; may be repeated
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
    /// Also say what each key means
    #[arg(long)]
    docs: bool,
    #[command(flatten)]
    pub(super) connection: ConnectionArguments,
}

pub(crate) async fn run(arguments: DescribeArguments) -> Result<(), CliError> {
    let resource = match arguments.resource.whose() {
        Whose::Resource(resource) => resource,
        Whose::Quotas(entity) => return quotas::describe(&arguments, Some(entity)).await,
        Whose::AllQuotas => return quotas::describe(&arguments, None).await,
    };
    let client = arguments.connection.client()?;
    let mut entries = client
        .describe_configs(&resource, arguments.docs)
        .await
        .tried(|| format!("describing the configuration of {}", what(&resource)))?;
    if arguments.key.is_empty() {
        entries.retain(|entry| arguments.all || !entry.source.is_default());
    } else {
        entries.retain(|entry| arguments.key.contains(&entry.name));
    }
    if arguments.connection.is_json() {
        return print_json(&entries.iter().map(as_json).collect());
    }
    as_rows(&entries, arguments.docs).print()
}

fn shown(entry: &ConfigEntry) -> String {
    match &entry.value {
        _ if entry.is_sensitive => "(hidden)".to_owned(),
        Some(value) if value.is_empty() => "\"\"".to_owned(),
        value => cell(value.as_deref()),
    }
}

fn as_rows(entries: &[ConfigEntry], docs: bool) -> Rows {
    let headings = ["KEY", "VALUE", "SOURCE", "MEANING"];
    let mut rows = Rows::new(if docs { &headings } else { &headings[..3] });
    for entry in entries {
        let mut row = vec![entry.name.clone(), shown(entry), entry.source.name().to_owned()];
        if docs {
            row.push(cell(entry.documentation.as_deref()));
        }
        rows.push(row);
    }
    rows
}

fn as_json(entry: &ConfigEntry) -> Value {
    let mut object = json!({
        "name": entry.name,
        "value": entry.value,
        "source": entry.source.name(),
        "read_only": entry.is_read_only,
        "sensitive": entry.is_sensitive,
    });
    if let Some(text) = &entry.documentation {
        object["documentation"] = json!(text);
    }
    object
}

#[cfg(test)]
mod tests {
    use stream_client::ConfigSource;

    use super::*;

    #[test]
    fn secrets_and_empty_values_can_be_told_apart() {
        let entry = |value: Option<&str>, is_sensitive| ConfigEntry {
            name: "key".into(),
            value: value.map(str::to_owned),
            source: ConfigSource(1),
            is_read_only: false,
            is_sensitive,
            documentation: None,
            synonyms: Vec::new(),
        };
        assert_eq!(shown(&entry(None, true)), "(hidden)");
        assert_eq!(shown(&entry(None, false)), "-");
        assert_eq!(shown(&entry(Some(""), false)), "\"\"");
        let json = as_json(&entry(Some("1"), false));
        assert_eq!(json["source"], "DYNAMIC_TOPIC_CONFIG");
        assert_eq!(json.get("documentation"), None);
    }
}
