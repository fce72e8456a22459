//! What must hold of every disk, as checks that run on any.

use std::io::{self, IoSlice};
use std::path::Path;

use super::{Disk, DiskFile};

/// Checks `disk` in the existing directory `dir`, which has to be empty. Panics where the disk does not keep
/// the trait's promises. For tests.
pub fn check(disk: &dyn Disk, dir: &Path) {
    check_files(disk, dir);
    check_names(disk, dir);
    check_directories(disk, dir);
    check_locks(disk, dir);
}

fn read_all(file: &dyn DiskFile) -> Vec<u8> {
    let mut bytes = vec![0; file.len().expect("has a length") as usize + 10];
    let count = super::read_up_to(file, &mut bytes, 0).expect("reads");
    bytes.truncate(count);
    bytes
}

fn check_files(disk: &dyn Disk, dir: &Path) {
    let path = dir.join("file");
    assert_eq!(disk.open(&path).expect_err("not there").kind(), io::ErrorKind::NotFound);
    assert_eq!(disk.file_len(&path).expect_err("not there").kind(), io::ErrorKind::NotFound);
    let file = disk.create(&path).expect("creates");
    assert!(file.is_empty().expect("has a length"));
    let pieces = [b"one".as_slice(), b"", b"two"].map(IoSlice::new);
    file.write_vectored_at(&pieces, 0).expect("writes");
    let many = vec![7u8; 3000];
    let slices: Vec<_> = many.chunks(1).map(IoSlice::new).collect();
    file.write_vectored_at(&slices, 6).expect("writes more pieces than one system call takes");
    assert_eq!(file.len().expect("has a length"), 3006);
    assert_eq!(disk.file_len(&path).expect("is there"), 3006);
    let other = disk.open(&path).expect("opens");
    assert_eq!(read_all(&*other)[..8], *b"onetwo\x07\x07");
    file.set_len(6).expect("cuts");
    assert_eq!(read_all(&*other), b"onetwo");
    file.write_at(b"end", 9).expect("writes beyond the end");
    assert_eq!(read_all(&*other), b"onetwo\0\0\0end");
    file.allocate(12, 100_000).expect("allocates");
    assert_eq!(file.len().expect("has a length"), 12, "allocation does not change the length");
    file.sync_data().expect("syncs");
    let mut buffer = [0; 4];
    assert_eq!(file.read_at(&mut buffer, 100).expect("reads nothing"), 0);
    assert!(super::read_exact(&*file, &mut buffer, 10).is_err());
    assert!(disk.create(&path).expect("empties").is_empty().expect("has a length"));
}

fn check_names(disk: &dyn Disk, dir: &Path) {
    let (from, to) = (dir.join("from"), dir.join("to"));
    let file = disk.create(&from).expect("creates");
    file.write_at(b"new", 0).expect("writes");
    let replaced = disk.create(&to).expect("creates");
    replaced.write_at(b"old", 0).expect("writes");
    disk.rename(&from, &to).expect("renames");
    assert_eq!(disk.read(&to, 100).expect("reads"), b"new");
    assert_eq!(read_all(&*replaced), b"old", "a replaced file serves its handles");
    assert_eq!(disk.rename(&from, &to).expect_err("not there").kind(), io::ErrorKind::NotFound);
    disk.remove(&to).expect("removes");
    assert_eq!(read_all(&*file), b"new", "a removed file serves its handles");
    assert_eq!(disk.remove(&to).expect_err("not there").kind(), io::ErrorKind::NotFound);
    disk.replace(&to, b"whole").expect("replaces");
    assert_eq!(disk.read(&to, 5).expect("reads"), b"whole");
    assert_eq!(disk.read(&to, 4).expect_err("too large").kind(), io::ErrorKind::InvalidData);
    disk.sync_dir(dir).expect("syncs");
    let mut names: Vec<_> = disk.list(dir).expect("lists").into_iter().map(|entry| entry.name).collect();
    names.sort();
    assert_eq!(names, ["file", "to"]);
}

fn check_directories(disk: &dyn Disk, dir: &Path) {
    let deep = dir.join("a").join("b");
    assert_eq!(disk.list(&deep).expect_err("not there").kind(), io::ErrorKind::NotFound);
    assert_eq!(disk.create(&deep.join("x")).expect_err("not there").kind(), io::ErrorKind::NotFound);
    disk.create_dir(&deep).expect("creates");
    disk.create_dir(&deep).expect("leaves it");
    disk.create(&deep.join("x")).expect("creates");
    let entries = disk.list(&dir.join("a")).expect("lists");
    assert_eq!(entries.len(), 1);
    assert!(entries[0].is_dir && entries[0].name == "b");
    disk.rename(&dir.join("a"), &dir.join("c")).expect("renames a directory");
    assert_eq!(disk.file_len(&dir.join("c").join("b").join("x")).expect("moved along"), 0);
    disk.remove_dir_all(&dir.join("c")).expect("removes");
    assert_eq!(disk.list(&dir.join("c")).expect_err("gone").kind(), io::ErrorKind::NotFound);
    disk.volume(dir).expect("opens").sync_all().expect("syncs");
    assert!(disk.free_bytes(dir).expect("says") > 0);
}

fn check_locks(disk: &dyn Disk, dir: &Path) {
    let path = dir.join(".lock");
    let held = disk.lock(&path).expect("free");
    assert_eq!(disk.lock(&path).expect_err("held").kind(), io::ErrorKind::WouldBlock);
    drop(held);
    disk.lock(&path).expect("free again");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::file::FileDisk;
    use crate::disk::memory::{Fault, Loss, MemoryDisk};
    use crate::scratch::Scratch;

    #[test]
    fn the_real_disk_conforms() {
        let scratch = Scratch::new();
        check(&FileDisk, scratch.path());
    }

    #[test]
    fn the_disk_in_memory_conforms() {
        let disk = MemoryDisk::new(1);
        disk.create_dir(Path::new("d")).expect("creates");
        check(&disk, Path::new("d"));
    }

    fn with_file(disk: &MemoryDisk) -> std::sync::Arc<dyn DiskFile> {
        disk.create_dir(Path::new("d")).expect("creates");
        let file = disk.create(Path::new("d/f")).expect("creates");
        disk.sync_dir(Path::new("")).expect("syncs");
        disk.sync_dir(Path::new("d")).expect("syncs");
        file
    }

    #[test]
    fn a_crash_loses_what_was_not_synced() {
        let disk = MemoryDisk::new(1);
        let file = with_file(&disk);
        file.write_at(b"kept", 0).expect("writes");
        file.sync_data().expect("syncs");
        file.write_at(b"lost", 4).expect("writes");
        disk.create(Path::new("d/g")).expect("creates");
        disk.crash(Loss::Everything);
        assert!(file.len().is_err(), "handles die");
        assert_eq!(disk.read(Path::new("d/f"), 99).expect("reads"), b"kept");
        assert!(disk.open(Path::new("d/g")).is_err());
    }

    #[test]
    fn syncing_the_volume_keeps_everything() {
        let disk = MemoryDisk::new(1);
        disk.create_dir(Path::new("d/e")).expect("creates");
        disk.create(Path::new("d/e/f")).expect("creates").write_at(b"kept", 0).expect("writes");
        disk.volume(Path::new("d")).expect("opens").sync_all().expect("syncs");
        disk.crash(Loss::Everything);
        assert_eq!(disk.read(Path::new("d/e/f"), 99).expect("reads"), b"kept");
    }

    #[test]
    fn crashes_tear_at_sectors_and_repeat_by_seed() {
        let crashed = |seed| {
            let disk = MemoryDisk::new(seed);
            let file = with_file(&disk);
            file.write_at(&[1; 8192], 100).expect("writes");
            disk.crash(Loss::Random);
            disk.read(Path::new("d/f"), 1 << 20).expect("reads")
        };
        let outcomes: Vec<_> = (0..40).map(crashed).collect();
        assert_eq!(outcomes, (0..40).map(crashed).collect::<Vec<_>>());
        assert!(outcomes.iter().any(|bytes| bytes.is_empty()));
        assert!(outcomes.iter().any(|bytes| bytes.len() == 8292 && !bytes[100..].contains(&0)));
        let is_torn = |bytes: &Vec<u8>| bytes.len() > 512 && bytes[512..].contains(&0);
        assert!(outcomes.iter().any(is_torn));
    }

    #[test]
    fn a_failed_sync_loses_data_that_a_second_one_seems_to_save() {
        let disk = MemoryDisk::new(1);
        let file = with_file(&disk);
        file.write_at(b"data", 0).expect("writes");
        disk.inject(disk.operations(), Fault::Io);
        assert!(file.sync_data().is_err());
        file.sync_data().expect("says that all is well");
        assert_eq!(disk.read(Path::new("d/f"), 99).expect("reads"), b"data");
        disk.crash(Loss::Nothing);
        assert_eq!(disk.read(Path::new("d/f"), 99).expect("reads"), b"");
    }

    #[test]
    fn a_full_disk_takes_what_fits() {
        let disk = MemoryDisk::new(1);
        let file = with_file(&disk);
        disk.set_capacity(Some(6));
        file.write_at(b"1234", 0).expect("fits");
        assert_eq!(file.allocate(4, 4).expect_err("full").kind(), io::ErrorKind::StorageFull);
        assert_eq!(file.write_at(b"5678", 4).expect_err("full").kind(), io::ErrorKind::StorageFull);
        assert_eq!(disk.read(Path::new("d/f"), 99).expect("reads"), b"123456");
        disk.set_capacity(Some(8));
        file.write_at(b"5678", 4).expect("fits now");
    }

    #[test]
    fn nothing_works_without_power() {
        let disk = MemoryDisk::new(1);
        let file = with_file(&disk);
        disk.inject(disk.operations(), Fault::PowerLoss);
        assert!(file.write_at(b"x", 0).is_err());
        assert!(file.read_at(&mut [0], 0).is_err() && !disk.has_power());
        disk.crash(Loss::Random);
        assert_eq!(disk.file_len(Path::new("d/f")).expect("reads"), 0);
    }
}
