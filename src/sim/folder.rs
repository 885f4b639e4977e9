//! The folder of a cloud on disk: made for its owner alone, and never somebody else's. What lies in it under a name of
//! ours and was not written by us is refused before a byte is changed. Does not know what the files mean.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::store::StoreError;

/// Tells by its beginning whether a file is ours.
type Sign = fn(&[u8]) -> bool;

/// Our files, each with what tells that it is ours. The log of a cloud begins with a checksum and a space, as each of
/// its lines does; a first line may be torn anywhere.
const OWN: &[(&str, Sign)] = &[
    ("cloud.log", is_log),
    ("cloud.log.new", is_log),
    ("lock", <[u8]>::is_empty),
    ("key", is_key),
];

/// How much of a file is looked at.
const LOOK: u64 = 4096;

/// Makes the folder where it is missing, readable to its owner alone, and refuses one in which something of another
/// program lies under a name of ours.
///
/// # Errors
/// When the folder cannot be made or looked into, or holds something foreign.
pub(super) fn prepare(folder: &Path) -> Result<(), StoreError> {
    let io = |doing, path: &Path| {
        let path = path.to_path_buf();
        move |source| StoreError::Io { doing, path, source }
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(io("make", folder))?;
    for (name, is_own) in OWN {
        let path = folder.join(name);
        match look(&path) {
            Ok(None) => {}
            Ok(Some(begin)) if is_own(&begin) => {}
            Ok(Some(_)) => return Err(foreign(path)),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Err(foreign(path)),
            Err(error) => return Err(io("read", &path)(error)),
        }
    }
    Ok(())
}

fn foreign(path: PathBuf) -> StoreError {
    StoreError::Foreign { path }
}

/// The begin of a file; `None` when there is none. Anything but a regular file is invalid input.
fn look(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let kind = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !kind.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut begin = Vec::new();
    fs::File::open(path)?.take(LOOK).read_to_end(&mut begin)?;
    Ok(Some(begin))
}

fn is_log(begin: &[u8]) -> bool {
    let hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    let sum = &begin[..begin.len().min(16)];
    sum.iter().all(hex) && begin.get(16).is_none_or(|byte| *byte == b' ')
}

/// Two lines, the first of them an access key id.
fn is_key(begin: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(begin) else {
        return false;
    };
    let lines: Vec<&str> = text.lines().collect();
    let word = |line: &&str| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_alphanumeric());
    lines.len() == 2 && lines[0].starts_with("LTAIsim") && lines.iter().all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_ours_is_refused_and_left_as_it_is() {
        for (name, text) in [
            ("cloud.log", "2026-11-24 08:00 started\n"),
            ("cloud.log", "not a checksum"),
            ("cloud.log.new", "somebody's notes\n"),
            ("lock", "4711\n"),
            ("key", "-----BEGIN PRIVATE KEY-----\nabc\n"),
            ("key", "LTAI5someAccount\nasecret\n"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            let refused = prepare(folder.path());
            assert!(
                matches!(&refused, Err(StoreError::Foreign { path: told }) if *told == path),
                "{name}"
            );
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed_and_a_new_folder_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("a").join("b");
        prepare(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(place.path().join("elsewhere"), "").unwrap();
        std::os::unix::fs::symlink(place.path().join("elsewhere"), folder.join("cloud.log")).unwrap();
        assert!(matches!(prepare(&folder), Err(StoreError::Foreign { .. })));
    }

    #[test]
    fn our_own_files_are_known_also_when_a_line_is_torn() {
        for begin in [
            "",
            "0123",
            "0123456789abcdef",
            "0123456789abcdef {\"acc",
            "0123456789abcdef {}\n",
        ] {
            assert!(is_log(begin.as_bytes()), "{begin}");
        }
        assert!(is_key(b"LTAIsim0123456789abcdef0\n0123456789abcdef\n"));
    }
}
