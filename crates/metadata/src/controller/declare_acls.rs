//! DeclareAcls: the ACLs that a broker's file declares, all of them, become what the log holds of them.
//!
//! - Which ACLs came from a file is remembered ([`DeclaredAclsRecord`]): one that the file no longer declares is removed.
//! - An ACL that somebody made by hand is never touched, not even if the file declares the same: it was there first.
//! - One that somebody removed by hand comes back, because the file still declares it.

use std::collections::{BTreeMap, BTreeSet};

use stream_codec::Str;
use stream_codec::stored::metadata::{AccessControlEntryRecord, DeclaredAclsRecord, RemoveAccessControlEntryRecord};
use stream_types::Uuid;

use super::{Controller, Decision, RandomSource};
use crate::record::MetadataRecord;

/// `LITERAL` among pattern types and `ALLOW` among permissions: a file declares nothing else.
const LITERAL: i8 = 3;
const ALLOW: i8 = 3;
const EVERY_HOST: &str = "*";

/// What the file declares now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeclareAcls {
    /// Everything; what is not in it is not declared any more.
    pub acls: Vec<DeclaredAcl>,
}

/// One operation that one principal may do to one resource, from every host.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DeclaredAcl {
    /// `User:name`
    pub principal: String,
    /// The number of the resource type.
    pub resource_type: i8,
    /// The resource's whole name.
    pub resource_name: String,
    /// The number of the operation.
    pub operation: i8,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeclareAclsReply {
    /// ACLs made.
    pub added: Vec<DeclaredAcl>,
    /// ACLs removed because they are not declared any more.
    pub removed: Vec<DeclaredAcl>,
}

impl Controller {
    /// Adds what is declared and missing, removes what was declared and is not any more.
    pub fn declare_acls(&self, random: &mut dyn RandomSource, command: &DeclareAcls) -> Decision<DeclareAclsReply> {
        let security = self.image.security();
        let wanted: BTreeSet<&DeclaredAcl> = command.acls.iter().collect();
        let mut existing: BTreeMap<DeclaredAcl, Uuid> = BTreeMap::new();
        for (id, acl) in &security.acls {
            if let Some(declared) = as_declared(acl) {
                existing.insert(declared, *id);
            }
        }
        let mut records: Vec<MetadataRecord> = Vec::new();
        let mut reply = DeclareAclsReply::default();
        let mut ids = BTreeSet::new();
        for id in &security.declared_acls {
            match security.acls.get(id).and_then(as_declared) {
                Some(acl) if wanted.contains(&acl) => drop(ids.insert(*id)),
                Some(acl) => {
                    records.push(RemoveAccessControlEntryRecord { id: *id }.into());
                    reply.removed.push(acl);
                }
                None => {}
            }
        }
        for acl in wanted {
            if existing.contains_key(acl) {
                continue;
            }
            let mut bytes = [0; 16];
            random.fill(&mut bytes);
            let id = Uuid::from_random(bytes);
            ids.insert(id);
            records.push(record(id, acl).into());
            reply.added.push(acl.clone());
        }
        if ids != security.declared_acls {
            records.push(DeclaredAclsRecord { ids: ids.into_iter().collect() }.into());
        }
        Decision { records, reply }
    }
}

/// The ACL in a declaration's words, if a file can declare it.
fn as_declared(acl: &AccessControlEntryRecord) -> Option<DeclaredAcl> {
    let can_be_declared =
        acl.pattern_type == LITERAL && acl.permission_type == ALLOW && acl.host.as_str() == EVERY_HOST;
    can_be_declared.then(|| DeclaredAcl {
        principal: acl.principal.to_string(),
        resource_type: acl.resource_type,
        resource_name: acl.resource_name.to_string(),
        operation: acl.operation,
    })
}

fn record(id: Uuid, acl: &DeclaredAcl) -> AccessControlEntryRecord {
    AccessControlEntryRecord {
        id,
        resource_type: acl.resource_type,
        resource_name: Str::from(&acl.resource_name),
        pattern_type: LITERAL,
        principal: Str::from(&acl.principal),
        host: Str::from(EVERY_HOST),
        operation: acl.operation,
        permission_type: ALLOW,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use stream_types::NodeId;

    use super::*;
    use crate::config_def::StaticConfig;
    use crate::image::MetadataImage;

    fn acl(text: &str) -> DeclaredAcl {
        let (principal, resource_name) = text.split_once(' ').unwrap();
        DeclaredAcl {
            principal: principal.to_owned(),
            resource_type: 2,
            resource_name: resource_name.to_owned(),
            operation: 3,
        }
    }

    fn declare(image: &mut MetadataImage, seed: u8, acls: &[&str]) -> (usize, usize) {
        let controller =
            Controller::new(Arc::new(image.clone()), Arc::new(StaticConfig::new(NodeId(1), Default::default())));
        let mut next = seed;
        let mut random = |bytes: &mut [u8]| {
            next += 1;
            bytes.fill(next);
        };
        let command = DeclareAcls { acls: acls.iter().map(|text| acl(text)).collect() };
        let decision = controller.declare_acls(&mut random, &command);
        image.replay_all(&decision.records).unwrap();
        let mut rebuilt = MetadataImage::empty("c");
        rebuilt.replay_all(&image.to_records()).unwrap();
        assert_eq!(&rebuilt, image);
        if decision.reply == DeclareAclsReply::default() && acls.is_empty() {
            assert!(image.security().declared_acls.is_empty());
        }
        (decision.reply.added.len(), decision.reply.removed.len())
    }

    fn show(image: &MetadataImage) -> Vec<String> {
        let acls = image.security().acls.values();
        let mut shown: Vec<_> = acls.map(|acl| format!("{} {}", acl.principal, acl.resource_name)).collect();
        shown.sort();
        shown
    }

    #[test]
    fn the_log_follows_the_file() {
        let mut image = MetadataImage::empty("c");
        assert_eq!(declare(&mut image, 0, &["User:a t", "User:b t", "User:a t"]), (2, 0));
        assert_eq!(declare(&mut image, 10, &["User:b t", "User:a t"]), (0, 0));
        assert_eq!(declare(&mut image, 20, &["User:b t", "User:b u"]), (1, 1));
        assert_eq!(show(&image), ["User:b t", "User:b u"]);
        assert_eq!(declare(&mut image, 30, &[]), (0, 2));
        assert_eq!(show(&image), Vec::<String>::new());
    }

    #[test]
    fn what_was_made_by_hand_stays_and_what_was_removed_by_hand_comes_back() {
        let mut image = MetadataImage::empty("c");
        let by_hand = Uuid::from_random([9; 16]);
        image.replay(&record(by_hand, &acl("User:a t")).into()).unwrap();
        assert_eq!(declare(&mut image, 0, &["User:a t", "User:b t"]), (1, 0));
        assert_eq!(declare(&mut image, 10, &[]), (0, 1));
        assert_eq!(show(&image), ["User:a t"]);
        declare(&mut image, 20, &["User:b t"]);
        let declared = *image.security().declared_acls.first().unwrap();
        image.replay(&RemoveAccessControlEntryRecord { id: declared }.into()).unwrap();
        assert_eq!(declare(&mut image, 30, &["User:b t"]), (1, 0));
        assert_eq!(show(&image), ["User:a t", "User:b t"]);
    }
}
