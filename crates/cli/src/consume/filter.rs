//! Which records are shown: by key, and by a JSON path into the value.

use std::str::FromStr;

use serde_json::Value;
use serde_json_path::JsonPath;
use stream_codec::batch::RecordView;

/// `$.team_id`, or `$.team_id=7`: something is there, or one of the things that are there is that.
#[derive(Clone, Debug)]
pub(super) struct Where {
    path: JsonPath,
    wanted: Option<Wanted>,
}

/// A value as JSON, or as text where it is none.
#[derive(Clone, Debug)]
struct Wanted {
    text: String,
    json: Option<Value>,
}

impl FromStr for Where {
    type Err = String;

    /// The longest path counts, because `=` may stand in one: `$.items[?@.price == 3]`.
    fn from_str(text: &str) -> Result<Where, String> {
        let reason = match parse_path(text) {
            Ok(path) => return Ok(Where { path, wanted: None }),
            Err(reason) => reason,
        };
        for (at, _) in text.rmatch_indices('=') {
            let (path, value) = (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
            if let Ok(path) = parse_path(path) {
                let wanted = Wanted { text: value.to_owned(), json: serde_json::from_str(value).ok() };
                return Ok(Where { path, wanted: Some(wanted) });
            }
        }
        Err(format!("{reason}; write a path such as '$.team_id', or a path and a value: '$.team_id=7'"))
    }
}

/// The `$.` may be left out.
fn parse_path(text: &str) -> Result<JsonPath, String> {
    let whole = if text.starts_with('$') { text.to_owned() } else { format!("$.{text}") };
    JsonPath::parse(&whole).map_err(|error| error.to_string())
}

impl Where {
    /// Whether a value is JSON that has it.
    fn finds(&self, value: &Value) -> bool {
        let found = self.path.query(value);
        match &self.wanted {
            None => !found.is_empty(),
            Some(wanted) => found.iter().any(|found| wanted.is(found)),
        }
    }
}

impl Wanted {
    fn is(&self, found: &Value) -> bool {
        self.json.as_ref() == Some(found) || found.as_str() == Some(&self.text)
    }
}

/// Whether a record is one that is looked for: it has the key, and every path is found.
pub(super) fn is_wanted(key: Option<&str>, wheres: &[Where], record: &RecordView) -> bool {
    if key.is_some_and(|key| record.key.as_deref() != Some(key.as_bytes())) {
        return false;
    }
    if wheres.is_empty() {
        return true;
    }
    let value: Option<Value> = record.value.as_deref().and_then(|value| serde_json::from_slice(value).ok());
    value.is_some_and(|value| wheres.iter().all(|wanted| wanted.finds(&value)))
}

#[cfg(test)]
mod tests {
    use stream_codec::batch::{Batch, BatchBuilder};

    use super::*;

    const VALUE: &str =
        r#"{"team_id": 7, "user": {"name": "ada=b"}, "items": [{"price": 3}, {"price": 5}], "note": null}"#;

    fn check(text: &str, expected: bool) {
        let wanted = Where::from_str(text).expect("a condition");
        assert_eq!(wanted.finds(&serde_json::from_str(VALUE).expect("JSON")), expected, "{text}");
    }

    #[test]
    fn values_are_looked_for_by_path() {
        check("team_id", true);
        check("$.team_id=7", true);
        check("team_id=8", false);
        check("team_id=\"7\"", false);
        check("user.name=ada=b", true);
        check("user.name=\"ada=b\"", true);
        check("$.items[*].price=5", true);
        check("$.items[?@.price == 3]", true);
        check("$.items[?@.price == 4]", false);
        check("$..price=3", true);
        check("note", true);
        check("note=null", true);
        check("missing", false);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", "$.", "$[", "=7", "$.items[?@.price = 3]"] {
            assert!(Where::from_str(text).is_err(), "{text}");
        }
    }

    #[test]
    fn records_need_the_key_and_a_value_that_is_json() {
        let mut builder = BatchBuilder::new();
        builder.push(0, Some(b"a"), Some(VALUE.as_bytes()), &[]);
        builder.push(0, None, Some(b"no json"), &[]);
        let batch = Batch::parse(&builder.build().expect("builds")).expect("parses");
        let records: Vec<RecordView> =
            batch.records(4096).expect("opens").map(|record| record.expect("valid")).collect();
        let team = [Where::from_str("team_id=7").expect("a condition")];
        let wanted = |key, wheres: &[Where]| -> Vec<bool> {
            records.iter().map(|record| is_wanted(key, wheres, record)).collect()
        };
        assert_eq!(wanted(None, &[]), [true, true]);
        assert_eq!(wanted(Some("a"), &[]), [true, false]);
        assert_eq!(wanted(Some("b"), &team), [false, false]);
        assert_eq!(wanted(None, &team), [true, false]);
    }
}
