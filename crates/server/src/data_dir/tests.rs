//! Taking possession of directories of the real disk.

use super::*;

/// A directory that goes with the value.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("hanzo-stream-data-dir-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn wanted(&self, dirs: &[&str]) -> Wanted {
        let dirs = dirs.iter().map(|dir| self.0.join(dir)).collect();
        Wanted { node_id: NodeId(1), cluster_id: None, dirs }
    }

    fn open(&self, dirs: &[&str]) -> Result<DataDir, DataDirError> {
        open_wanted(&self.wanted(dirs))
    }

    fn meta(&self, dir: &str) -> String {
        std::fs::read_to_string(self.0.join(dir).join(META_PROPERTIES)).unwrap()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn open_wanted(wanted: &Wanted) -> Result<DataDir, DataDirError> {
    open_on(&FileDisk, wanted, &mut ids())
}

fn ids() -> impl FnMut() -> Uuid {
    let mut next = 0;
    move || {
        next += 1;
        Uuid::from_random([next; 16])
    }
}

#[test]
fn an_empty_directory_is_formatted_once() {
    let disk = Scratch::new("empty");
    let first = disk.open(&["a", "b"]).unwrap();
    assert!(first.is_new && first.directory_id == first.log_dirs[0].id);
    assert_ne!(first.log_dirs[0].id, first.log_dirs[1].id);
    let expected =
        format!("version=1\ncluster.id={}\nnode.id=1\ndirectory.id={}\n", first.cluster_id, first.log_dirs[1].id);
    assert_eq!(disk.meta("b"), expected);
    let (cluster_id, directory_ids) = (first.cluster_id.clone(), first.directory_ids());
    drop(first);
    let again = disk.open(&["b", "a", "c"]).unwrap();
    assert!(!again.is_new);
    assert_eq!(again.cluster_id, cluster_id);
    assert_eq!(again.directory_ids()[..2], [directory_ids[1], directory_ids[0]]);
    assert!(disk.meta("c").contains(&cluster_id));
}

#[test]
fn a_given_cluster_id_is_taken_by_a_new_cluster_and_compared_by_an_old_one() {
    let disk = Scratch::new("cluster");
    let mut wanted = disk.wanted(&["a"]);
    wanted.cluster_id = Some("5L6g3nShT-eMCtK--X86sw".to_owned());
    assert_eq!(open_wanted(&wanted).unwrap().cluster_id, "5L6g3nShT-eMCtK--X86sw");
    assert!(!open_wanted(&wanted).unwrap().is_new);
    wanted.cluster_id = Some("AAAAAAAAAAAAAAAAAAAAAQ".to_owned());
    wanted.dirs.push(disk.0.join("new"));
    let error = open_wanted(&wanted).unwrap_err().to_string();
    assert!(error.contains("a belongs to cluster 5L6g3nShT-eMCtK--X86sw, not to AAAAAAAAAAAAAAAAAAAAAQ; "));
    assert!(!disk.0.join("new").exists(), "nothing is made when another directory is wrong");
}

#[test]
fn a_directory_of_another_node_is_refused() {
    let disk = Scratch::new("node");
    drop(disk.open(&["a"]).unwrap());
    let wanted = Wanted { node_id: NodeId(2), ..disk.wanted(&["a"]) };
    let error = open_wanted(&wanted).unwrap_err().to_string();
    assert!(error.contains("belongs to node 1, not to node 2; ") && error.ends_with("or set node.id=1"), "{error}");
}

#[test]
fn a_directory_in_use_is_refused_and_free_again_afterwards() {
    let disk = Scratch::new("in-use");
    let first = disk.open(&["a"]).unwrap();
    let error = disk.open(&["a"]).unwrap_err();
    assert!(matches!(error, DataDirError::InUse { .. }), "{error}");
    drop(first);
    assert!(disk.open(&["a"]).is_ok());
}

#[test]
fn what_cannot_be_a_directory_is_one_line() {
    let disk = Scratch::new("file");
    disk.write("file", "");
    for path in ["file", "file/below"] {
        let error = disk.open(&[path]).unwrap_err().to_string();
        assert!(error.starts_with("cannot ") && error.contains("Not a directory"), "{error}");
    }
}

#[test]
fn logs_without_meta_properties_and_broken_ones_are_suspect() {
    for (path, text, problem) in [
        ("a/orders-3/partition.metadata", "", "it holds orders-3 but no meta.properties"),
        ("a/meta.properties", "version=2\n", "does not say version=1"),
        ("a/meta.properties", "version=0\nbroker.id=1\n", "of a Kafka with ZooKeeper"),
        ("a/meta.properties", "version=1\nnode.id=1\n", "has no cluster.id"),
        ("a/meta.properties", "version=1\ncluster.id=x\nnode.id=y\n", "no valid node.id"),
        ("a/meta.properties", "version=1\ncluster.id=x\nnode.id=1\ndirectory.id=y\n", "no valid directory.id"),
        ("a/__cluster_metadata-0/00000000000000000000.log", "", "that of an Apache Kafka node"),
    ] {
        let disk = Scratch::new("broken"); // gone at the end of each round
        disk.write(path, text);
        let error = disk.open(&["a"]).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn a_directory_of_an_older_kafka_gets_a_directory_id() {
    let disk = Scratch::new("older");
    disk.write("a/meta.properties", "#\n#Sat Nov 21 09:36:59 UTC 2026\nversion=1\ncluster.id=abc\nnode.id=1\n");
    let opened = disk.open(&["a"]).unwrap();
    assert_eq!(opened.cluster_id, "abc");
    assert!(disk.meta("a").contains(&format!("directory.id={}", opened.directory_id)));
}

#[test]
fn the_same_directory_under_two_ids_is_suspect() {
    let disk = Scratch::new("twice");
    let text = "version=1\ncluster.id=abc\nnode.id=1\ndirectory.id=5L6g3nShT-eMCtK--X86sw\n";
    disk.write("a/meta.properties", text);
    disk.write("b/meta.properties", text);
    let error = disk.open(&["a", "b"]).unwrap_err().to_string();
    assert!(error.contains("also that of another directory"), "{error}");
}
